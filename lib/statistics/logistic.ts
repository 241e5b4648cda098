/** A fitted logistic regression. */
export interface LogisticFit {
  /** One coefficient a feature. */
  readonly coefficients: Float64Array;
  /** Newton steps taken. */
  readonly steps: number;
}

/**
 * Logistic regression by Newton's method (iteratively reweighted least squares).
 *
 * Minimises `sum_i w_i [-y_i log s(x_i b) - (1 - y_i) log s(-x_i b)] + ridge/2 |b|^2`; targets may
 * be fractions. The small ridge keeps separable data finite.
 *
 * @param rows features, one row an observation; add a 1 for the intercept yourself
 * @param targets in [0, 1]
 * @throws RangeError for no rows or unequal lengths
 */
export function fitLogistic(
  rows: readonly (readonly number[])[],
  targets: readonly number[],
  { ridge = 1e-6, maxSteps = 100, tolerance = 1e-10 }: {
    ridge?: number;
    maxSteps?: number;
    tolerance?: number;
  } = {},
): LogisticFit {
  if (rows.length === 0 || rows.length !== targets.length) {
    throw new RangeError(`logistic regression got ${rows.length} rows, ${targets.length} targets`);
  }
  const width = (rows[0] as readonly number[]).length;
  const coefficients = new Float64Array(width);
  let current = objective(rows, targets, coefficients, ridge);
  for (let step = 1; step <= maxSteps; step++) {
    const { gradient, hessian } = derivatives(rows, targets, coefficients, ridge);
    const direction = solve(hessian, gradient);
    let scale = 1;
    let next = coefficients.slice();
    for (; scale > 1e-8; scale /= 2) { // halve until the objective does not rise
      next = coefficients.map((value, i) => value - scale * (direction[i] as number));
      const value = objective(rows, targets, next, ridge);
      if (value <= current) {
        current = value;
        break;
      }
    }
    const change = Math.max(...next.map((value, i) => Math.abs(value - (coefficients[i] ?? 0))));
    coefficients.set(next);
    if (change < tolerance) return { coefficients, steps: step };
  }
  return { coefficients, steps: maxSteps };
}

/** 1 / (1 + e^-x). */
export function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

function dot(row: readonly number[], coefficients: Float64Array): number {
  return row.reduce((sum, value, i) => sum + value * (coefficients[i] as number), 0);
}

function objective(
  rows: readonly (readonly number[])[],
  targets: readonly number[],
  coefficients: Float64Array,
  ridge: number,
): number {
  let sum = ridge / 2 * coefficients.reduce((total, value) => total + value * value, 0);
  rows.forEach((row, i) => {
    const logit = dot(row, coefficients);
    // log(1 + e^logit) - y logit, without overflow
    sum += Math.max(logit, 0) + Math.log1p(Math.exp(-Math.abs(logit))) -
      (targets[i] as number) * logit;
  });
  return sum;
}

function derivatives(
  rows: readonly (readonly number[])[],
  targets: readonly number[],
  coefficients: Float64Array,
  ridge: number,
): { gradient: Float64Array; hessian: Float64Array[] } {
  const gradient = coefficients.map((value) => ridge * value);
  const hessian = Array.from(coefficients, (_, i) => {
    const row = new Float64Array(coefficients.length);
    row[i] = ridge;
    return row;
  });
  rows.forEach((row, index) => {
    const p = sigmoid(dot(row, coefficients));
    row.forEach((a, i) => {
      gradient[i] = (gradient[i] as number) + (p - (targets[index] as number)) * a;
      row.forEach((b, j) => {
        const line = hessian[i] as Float64Array;
        line[j] = (line[j] as number) + p * (1 - p) * a * b;
      });
    });
  });
  return { gradient, hessian };
}

/** Solves `matrix x = vector` (small, positive definite) by Gaussian elimination with pivots. */
function solve(matrix: readonly Float64Array[], vector: Float64Array): Float64Array {
  const rows: Float64Array[] = matrix.map((row, i) => Float64Array.of(...row, vector[i] as number));
  const n = rows.length;
  const at = (i: number, j: number) => (rows[i] as Float64Array)[j] as number;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let i = column + 1; i < n; i++) {
      if (Math.abs(at(i, column)) > Math.abs(at(pivot, column))) pivot = i;
    }
    [rows[column], rows[pivot]] = [rows[pivot] as Float64Array, rows[column] as Float64Array];
    for (let i = 0; i < n; i++) {
      if (i === column) continue;
      const factor = at(i, column) / at(column, column);
      for (let j = column; j <= n; j++) {
        (rows[i] as Float64Array)[j] = at(i, j) - factor * at(column, j);
      }
    }
  }
  return Float64Array.from({ length: n }, (_, i) => at(i, n) / at(i, i));
}
