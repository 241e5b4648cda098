import { sampleStandardDeviation } from "simple-statistics";
import { fitLassoLogisticCv } from "../statistics/lasso_logistic.ts";
import { sigmoid } from "../statistics/logistic.ts";

/** What the regression needs of one comparison. */
export interface LengthControlRow {
  /** AlpacaEval's number of the instruction, by which `gamed` tells its difficulty. */
  readonly index: number;
  /** In [0, 1]: 1 where the judge prefers our answer; null where it said nothing readable. */
  readonly preference: number | null;
  /** Characters (code points) of our answer. */
  readonly length: number;
  /** Characters of the baseline's answer. */
  readonly baselineLength: number;
}

/** A row of AlpacaEval's `df_gamed.csv`: the baseline told to be concise or verbose, judged. */
export interface GamedRow {
  readonly index: number;
  /** null where there is none: the row then tells the difficulty alone. */
  readonly preference: number | null;
  /** Length difference over its standard deviation, baseline minus answer. */
  readonly deltaLength: number;
  /** Of the instruction: how much it favours the better model. */
  readonly difficulty: number;
}

/** A length-controlled win rate. */
export interface LengthControlled {
  /** In [0, 1]: the win rate if both wrote equally long. */
  readonly winRate: number;
  /**
   * Standard error of the predicted preferences' mean, in [0, 1]. null for one comparison and in
   * `length_controlled_minimal`: without difficulties all predictions are equal, and their spread,
   * which AlpacaEval takes, says nothing.
   */
  readonly standardError: number | null;
  /** AlpacaEval's name of the regression. */
  readonly regression: "length_controlled_v1" | "length_controlled_minimal";
}

/** Weight of the gamed rows together; there are two gamed versions of the baseline. */
const BASELINE_WEIGHT = 0.2;
const FOLDS = 5;

/**
 * The length-controlled win rate of AlpacaEval 2 (Dubois et al. 2024, 2404.04475; its
 * `metrics/glm_winrate.py`): a logistic regression of the preferences, without intercept, on
 * `tanh(length difference / its SD)`, a constant and, with `gamed`, the instruction's difficulty; L1
 * penalty by five-fold cross-validation; then the mean prediction at no length difference.
 * As there, comparisons without a preference count in the SD and the mean, and are left out of the
 * fit alone.
 *
 * @param gamed the rows of `df_gamed.csv`: the result is then `length_controlled_v1`, of the
 * leaderboard; without them `length_controlled_minimal`, which has no standard error
 * @throws RangeError without preferences, or where `gamed` lacks an instruction
 */
export function lengthControlled(
  rows: readonly LengthControlRow[],
  gamed?: readonly GamedRow[],
): LengthControlled {
  if (rows.every(({ preference }) => preference === null)) {
    throw new RangeError("a length-controlled win rate needs judged comparisons");
  }
  const difficulties = gamed &&
    new Map(gamed.toReversed().map(({ index, difficulty }) => [index, difficulty]));
  const difficultyOf = (index: number): number => {
    const found = difficulties?.get(index);
    if (found === undefined) throw new RangeError(`no difficulty of instruction ${index}`);
    return found;
  };
  const differences = rows.map(({ length, baselineLength }) => baselineLength - length);
  const deviation = rows.length > 1 ? sampleStandardDeviation(differences) : 0;
  const scaled = differences.map((value) => deviation > 0 ? value / deviation : 0);
  const features = (delta: number, index: number, own: number) =>
    difficulties === undefined
      ? [Math.tanh(delta), own]
      : [Math.tanh(delta), own, difficultyOf(index)];
  const others = (gamed ?? []).flatMap(({ index, deltaLength, preference }) =>
    preference === null ? [] : [{ preference, features: features(deltaLength, index, 0) }]
  );
  const own = rows.flatMap(({ index, preference }, i) =>
    preference === null ? [] : [{ preference, features: features(scaled[i] as number, index, 1) }]
  );
  const fitted = [...others, ...own];
  const coefficients = fitLassoLogisticCv({
    rows: fitted.map((row) => row.features),
    targets: fitted.map(({ preference }) => preference),
    weights: [...others.map(() => BASELINE_WEIGHT / 2), ...own.map(() => 1)],
  }, FOLDS);
  const predicted = rows.map(({ index }) =>
    sigmoid(
      features(0, index, 1).reduce((sum, x, j) => sum + x * (coefficients[j] as number), 0),
    )
  );
  return {
    winRate: predicted.reduce((sum, value) => sum + value, 0) / predicted.length,
    standardError: gamed !== undefined && predicted.length > 1
      ? sampleStandardDeviation(predicted) / Math.sqrt(predicted.length)
      : null,
    regression: gamed === undefined ? "length_controlled_minimal" : "length_controlled_v1",
  };
}
