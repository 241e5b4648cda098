import { sampleStandardDeviation } from "simple-statistics";
import { fitLogistic, sigmoid } from "../statistics/logistic.ts";
import type { RewardsByPrompt } from "./win_rate.ts";

/** Rewards and token counts of several samples to each of several prompts. */
export interface MeasuredSamples {
  readonly rewards: RewardsByPrompt;
  readonly lengths: RewardsByPrompt;
}

/**
 * Length-controlled win rate after AlpacaEval 2 LC (Dubois et al., 2404.04475).
 *
 * Fits `logit P(win) = theta + phi tanh(length difference / its SD)` to all sample-against-sample
 * comparisons of a prompt and reports `sigmoid(theta)`: the win rate if both wrote equally long.
 * Deviation: no term for the difficulty of each instruction, which needs many other models.
 */
export function lengthControlledWinRate(ours: MeasuredSamples, theirs: MeasuredSamples): number {
  if (ours.rewards.length !== theirs.rewards.length || ours.rewards.length === 0) {
    throw new RangeError("length-controlled win rate needs the same prompts");
  }
  const differences: number[] = [];
  const wins: number[] = [];
  ours.rewards.forEach((mine, prompt) => {
    const other = theirs.rewards[prompt] as readonly number[];
    mine.forEach((a, i) =>
      other.forEach((b, j) => {
        differences.push(
          (ours.lengths[prompt]?.[i] as number) - (theirs.lengths[prompt]?.[j] as number),
        );
        wins.push(a > b ? 1 : a === b ? 0.5 : 0);
      })
    );
  });
  const deviation = differences.length > 1 ? sampleStandardDeviation(differences) : 0;
  const rows = differences.map((difference) => [
    1,
    deviation > 0 ? Math.tanh(difference / deviation) : 0,
  ]);
  const { coefficients } = fitLogistic(rows, wins);
  return sigmoid(coefficients[0] as number);
}
