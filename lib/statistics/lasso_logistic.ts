import { sigmoid } from "./logistic.ts";

/** Observations of a weighted logistic regression. */
export interface WeightedRows {
  /** Features, one row an observation; add a 1 for an intercept yourself. */
  readonly rows: readonly (readonly number[])[];
  /** In [0, 1]; fractions are chances. */
  readonly targets: readonly number[];
  /** Of each observation, above 0. */
  readonly weights: readonly number[];
}

/** Strengths tried: scikit-learn's ten from 1e-4 to 1e4, evenly by logarithm. */
const STRENGTHS: readonly number[] = Array.from({ length: 10 }, (_, i) => 10 ** (-4 + i * 8 / 9));

const MAX_SWEEPS = 2000;
const TOLERANCE = 1e-9;

/**
 * Logistic regression under an L1 penalty:
 * `min_b |b|_1 + C sum_i w_i [-y_i log s(x_i b) - (1 - y_i) log s(-x_i b)]`.
 *
 * Coordinate descent with one Newton step a coordinate and a line search (Yuan et al. 2010, what
 * liblinear does).
 *
 * @param strength C: the larger, the weaker the penalty
 * @throws RangeError for no rows or unequal lengths
 */
export function fitLassoLogistic(
  { rows, targets, weights }: WeightedRows,
  strength: number,
  start?: ArrayLike<number>,
): Float64Array {
  if (rows.length === 0 || rows.length !== targets.length || rows.length !== weights.length) {
    throw new RangeError(
      `lasso got ${rows.length} rows, ${targets.length} targets, ${weights.length} weights`,
    );
  }
  const width = (rows[0] as readonly number[]).length;
  const coefficients = start === undefined ? new Float64Array(width) : Float64Array.from(start);
  const logits = rows.map((row) => row.reduce((sum, x, j) => sum + x * (coefficients[j] ?? 0), 0));
  const column = (j: number) => rows.map((row) => row[j] as number);
  const columns = Array.from({ length: width }, (_, j) => column(j));
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let change = 0;
    columns.forEach((x, j) => {
      change = Math.max(change, step(x, j));
    });
    if (change < TOLERANCE) break;
  }
  return coefficients;

  /** One coordinate's step; how far it went. */
  function step(x: readonly number[], j: number): number {
    let gradient = 0, curvature = 1e-12;
    x.forEach((value, i) => {
      const p = sigmoid(logits[i] as number);
      const weight = strength * (weights[i] as number);
      gradient += weight * (p - (targets[i] as number)) * value;
      curvature += weight * p * (1 - p) * value * value;
    });
    const old = coefficients[j] as number;
    const direction = gradient + 1 <= curvature * old
      ? -(gradient + 1) / curvature
      : gradient - 1 >= curvature * old
      ? -(gradient - 1) / curvature
      : -old;
    if (direction === 0) return 0;
    const slope = gradient * direction + Math.abs(old + direction) - Math.abs(old);
    for (let scale = 1; scale > 1e-10; scale /= 2) {
      const move = scale * direction;
      const rise = Math.abs(old + move) - Math.abs(old) + lossChange(x, move);
      if (rise > 0.01 * scale * slope) continue;
      coefficients[j] = old + move;
      x.forEach((value, i) => logits[i] = (logits[i] as number) + move * value);
      return Math.abs(move);
    }
    return 0;
  }

  function lossChange(x: readonly number[], move: number): number {
    return x.reduce((sum, value, i) => {
      const [before, target] = [logits[i] as number, targets[i] as number];
      const after = before + move * value;
      const weight = strength * (weights[i] as number);
      return sum + weight * (softplus(after) - softplus(before) - target * (after - before));
    }, 0);
  }
}

/**
 * The same with C chosen by cross-validation as scikit-learn's `LogisticRegressionCV` does: the
 * strength with the lowest mean held-out log loss over the folds, refitted on all rows; ties go to the
 * smaller. Row i is held out in fold `(n - 1 - i) mod folds`: `GroupKFold`'s folds where groups are
 * equally large (its own order of equal groups depends on the machine).
 *
 * @throws RangeError as `fitLassoLogistic`
 */
export function fitLassoLogisticCv(data: WeightedRows, folds: number): Float64Array {
  const n = data.rows.length;
  const losses = STRENGTHS.map(() => 0);
  for (let fold = 0; fold < Math.min(folds, n); fold++) {
    const isHeldOut = (_: unknown, i: number) => (n - 1 - i) % folds === fold;
    const part = (keep: boolean): WeightedRows => ({
      rows: data.rows.filter((row, i) => isHeldOut(row, i) !== keep),
      targets: data.targets.filter((target, i) => isHeldOut(target, i) !== keep),
      weights: data.weights.filter((weight, i) => isHeldOut(weight, i) !== keep),
    });
    const [train, heldOut] = [part(true), part(false)];
    if (train.rows.length === 0) continue;
    let start: Float64Array | undefined;
    STRENGTHS.forEach((strength, k) => {
      start = fitLassoLogistic(train, strength, start);
      losses[k] = (losses[k] as number) + meanLoss(heldOut, start);
    });
  }
  const best = losses.indexOf(Math.min(...losses));
  return fitLassoLogistic(data, STRENGTHS[best] as number);
}

function meanLoss({ rows, targets, weights }: WeightedRows, coefficients: Float64Array): number {
  const sum = rows.reduce((total, row, i) => {
    const logit = row.reduce((all, x, j) => all + x * (coefficients[j] as number), 0);
    const p = Math.min(1 - 1e-15, Math.max(1e-15, sigmoid(logit)));
    const target = targets[i] as number;
    return total - (weights[i] as number) * (target * Math.log(p) + (1 - target) * Math.log1p(-p));
  }, 0);
  return sum / rows.length;
}

/** log(1 + e^x), without overflow. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
