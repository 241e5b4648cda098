import { UserError } from "../errors.ts";

/**
 * How the implicit rewards of past policies are weighted; newest first, gamma in [0, 1].
 *
 * - `ema` [I]: r~_t = (1 - gamma) r_{t-1} + gamma r~_{t-1}, cut to the window. The oldest policy of
 *   the window takes the remainder: (1 - gamma), gamma (1 - gamma), gamma^2 for three policies.
 * - `two-term` [I]: (1 - gamma) r_{t-1} + gamma r_{t-2}.
 * - `uniform` [I]: the mean over the window; gamma only switches the ensemble off, at 0.
 *
 * Public about the paper are the window t-1, t-2, t-3 and a coefficient gamma of 0.3 [P]; it is not
 * public how they enter.
 */
export type EnsembleWeighting = "ema" | "two-term" | "uniform";

/** Every weighting's name. */
export const ensembleWeightings = [
  "ema",
  "two-term",
  "uniform",
] as const satisfies readonly EnsembleWeighting[];

/** Options of the reward ensemble. */
export interface EnsembleConfig {
  /** Default "ema" [I]. */
  readonly weighting: EnsembleWeighting;
  /** Weight of the past, in [0, 1]; 0 is exactly the newest policy's reward. Default 0.3 [P]. */
  readonly gamma: number;
  /** How many past policies count, at least 1. Default 3 [P]. */
  readonly window: number;
}

/** The paper's: gamma 0.3 over three policies. */
export const defaultEnsemble: EnsembleConfig = { weighting: "ema", gamma: 0.3, window: 3 };

/**
 * Weights of the newest policies, newest first; they sum to 1.
 *
 * @param policies how many past policies exist (at iteration t: t - 1), at least 1
 * @returns at most `config.window` weights; `[1]` where there is one policy or gamma is 0
 * @throws {UserError} on a bad gamma or window
 */
export function ensembleWeights(
  policies: number,
  config: EnsembleConfig = defaultEnsemble,
): number[] {
  const { weighting, gamma, window } = config;
  if (!(gamma >= 0 && gamma <= 1)) {
    throw new UserError(`the ensemble's gamma is ${gamma}; it must be in [0, 1]`);
  }
  if (!(Number.isInteger(window) && window >= 1)) {
    throw new UserError(`the ensemble's window is ${window}; it must be a whole number above 0`);
  }
  if (!(Number.isInteger(policies) && policies >= 1)) {
    throw new RangeError(`an ensemble needs at least one policy, got ${policies}`);
  }
  const count = Math.min(policies, window);
  if (count === 1 || gamma === 0) return [1];
  switch (weighting) {
    case "ema":
      return Array.from({ length: count }, (_, s) => (s < count - 1 ? 1 - gamma : 1) * gamma ** s);
    case "two-term":
      return [1 - gamma, gamma];
    case "uniform":
      return new Array<number>(count).fill(1 / count);
    default:
      throw new UserError(
        `unknown ensemble weighting "${weighting satisfies never}"; ` +
          `the weightings are ${ensembleWeightings.join(", ")}`,
      );
  }
}

/**
 * The ensemble reward sum_s w_s r_s of N completions.
 *
 * @param history implicit rewards of the same N completions under each past policy, newest first:
 * cached values, so that no old policy is run twice
 * @param weights one weight for each of the newest policies; a weight of 1 alone gives the newest
 * policy's rewards bit for bit
 * @throws {RangeError} where there are more weights than policies or the arrays' lengths differ
 * @throws {UserError} on a reward that is not finite, naming policy and completion
 */
export function ensembleRewards(
  history: readonly Float64Array[],
  weights: readonly number[],
): Float64Array {
  if (weights.length === 0 || weights.length > history.length) {
    throw new RangeError(`${weights.length} ensemble weights for ${history.length} policies`);
  }
  const count = (history[0] as Float64Array).length;
  const rewards = new Float64Array(count);
  weights.forEach((weight, age) => {
    const past = history[age] as Float64Array;
    if (past.length !== count) {
      throw new RangeError(`policy ${age} has ${past.length} rewards and policy 0 has ${count}`);
    }
    for (let i = 0; i < count; i++) {
      const reward = past[i] as number;
      if (!Number.isFinite(reward)) {
        throw new UserError(
          `the implicit reward of completion ${i} under past policy ${age} (0 is the newest) is ` +
            `${reward}; check that policy's weights`,
        );
      }
      // Assigned, not added to 0, so that -0 survives.
      rewards[i] = age === 0 ? weight * reward : (rewards[i] as number) + weight * reward;
    }
  });
  return rewards;
}
