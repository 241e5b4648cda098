import type { LossConfigOf, LossName } from "../../lib/losses/loss_table.ts";
import type { PairLogps } from "../../lib/losses/types.ts";
import { createPrng } from "../../lib/random/prng.ts";

/**
 * Configs that between them move every option of every loss off its default: the tests that
 * run over all losses run over these. A loss without a row does not compile.
 */
export const lossCases: { readonly [Name in LossName]: readonly LossConfigOf<Name>[] } = {
  "dpo": [{ name: "dpo", beta: 0.1 }, { name: "dpo", beta: 0.7 }],
  "ipo": [
    { name: "ipo", tau: 0.1, average: false },
    { name: "ipo", tau: 0.4, average: false },
    { name: "ipo", tau: 0.3, average: true },
  ],
  "slic": [{ name: "slic", beta: 0.1 }, { name: "slic", beta: 0.5 }],
  "slic-hf": [
    { name: "slic-hf", margin: 1, lambda: 0.1 },
    { name: "slic-hf", margin: 4, lambda: 0 },
  ],
  "simpo": [
    { name: "simpo", beta: 2, gammaMarginRatio: 0.25 },
    { name: "simpo", beta: 5, gammaMarginRatio: 0 },
  ],
  "cdpo": [
    { name: "cdpo", beta: 0.1, epsilon: 0.1 },
    { name: "cdpo", beta: 0.3, epsilon: 0.4 },
  ],
  "rdpo": [
    { name: "rdpo", beta: 0.1, epsilon: 0.1 },
    { name: "rdpo", beta: 0.3, epsilon: 0.4 },
  ],
  "r-dpo": [
    { name: "r-dpo", beta: 0.1, alpha: 0.01 },
    { name: "r-dpo", beta: 0.2, alpha: 0.3 },
  ],
  "length-normalised-dpo": [
    { name: "length-normalised-dpo", beta: 5 },
    { name: "length-normalised-dpo", beta: 0.5 },
  ],
  "ropo": [
    { name: "ropo", beta: 0.1, alpha: 14 },
    { name: "ropo", beta: 0.3, alpha: 2 },
  ],
  "dr-dpo": [
    { name: "dr-dpo", beta: 0.1, betaPrime: 1 },
    { name: "dr-dpo", beta: 0.3, betaPrime: 0.2 },
  ],
  "wdpo": [
    {
      ...{ name: "wdpo", beta: 0.1, flipBudget: 0.15, flipTemperature: 1 },
      ...{ tailQuantile: 0.7, capBudget: 0.5, warmup: 0.3 },
    },
    {
      ...{ name: "wdpo", beta: 0.3, flipBudget: 0.4, flipTemperature: 0.2 },
      ...{ tailQuantile: 0.5, capBudget: 0.1, warmup: 0 },
    },
  ],
  "cpo": [{ name: "cpo", beta: 0.1, alpha: 1 }, { name: "cpo", beta: 0.4, alpha: 0 }],
  "kto": [
    { name: "kto", beta: 0.1, desirableWeight: 1, undesirableWeight: 1 },
    { name: "kto", beta: 0.3, desirableWeight: 1.5, undesirableWeight: 0.5 },
  ],
  "orpo": [{ name: "orpo", lambda: 0.1 }, { name: "orpo", lambda: 1 }],
};

/** All of `lossCases` in one list. */
export const allLossCases = Object.values(lossCases).flat();

/**
 * A batch from rows of [policy chosen, policy rejected, reference chosen, reference rejected, |y_w|,
 * |y_l|], with KTO's z0.
 */
export function batchOf(
  rows: readonly (readonly number[])[],
  referencePoint = 0.75,
): PairLogps {
  const column = (index: number): Float64Array =>
    Float64Array.from(rows, (row) => row[index] as number);
  return {
    policyChosenLogps: column(0),
    policyRejectedLogps: column(1),
    referenceChosenLogps: column(2),
    referenceRejectedLogps: column(3),
    chosenLengths: column(4),
    rejectedLengths: column(5),
    referencePoint,
  };
}

/** Rows for `batchOf`: responses of 1 to 30 tokens, of 0.5 to 3 nats a token, log-ratios of a few nats. */
export function randomRows(count: number, seed: number): number[][] {
  const prng = createPrng(seed, "loss rows");
  return Array.from({ length: count }, () => {
    const lengths = [1 + prng.integer(30), 1 + prng.integer(30)];
    const policy = lengths.map((length) => -length * (0.5 + 2.5 * prng.uniform()));
    const reference = policy.map((logp) => Math.min(logp + 3 * prng.normal(), -0.01));
    return [...policy, ...reference, ...lengths];
  });
}

/** The values of one pair, or of index `i` of a batch. */
export function row(batch: PairLogps, i: number): number[] {
  return [
    batch.policyChosenLogps,
    batch.policyRejectedLogps,
    batch.referenceChosenLogps,
    batch.referenceRejectedLogps,
    batch.chosenLengths,
    batch.rejectedLengths,
  ].map((values) => values[i] as number);
}

export function assertClose(
  actual: number | undefined,
  expected: number,
  tolerance: number,
  what: string,
): void {
  if (!(Math.abs((actual as number) - expected) <= tolerance)) {
    throw new Error(`${what}: ${actual} instead of ${expected} (tolerance ${tolerance})`);
  }
}
