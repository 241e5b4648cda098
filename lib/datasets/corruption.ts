import { flipLabels } from "../data/label_noise.ts";
import { UserError } from "../errors.ts";
import type { Prng } from "../random/prng.ts";
import { roundShare } from "../round_share.ts";

/** What is known of a pair before its labels are touched. */
export interface PairFacts {
  readonly id: string;
  /** Score of chosen minus score of rejected; undefined where there are none. */
  readonly gap: number | undefined;
  /** Length of chosen and rejected, in one unit. */
  readonly chosenLength: number;
  readonly rejectedLength: number;
}

/** Noise to inject into labels. */
export interface CorruptionConfig {
  /** Share of the pairs whose label says which response is longer, whatever it said. */
  readonly lengthConfound: number;
  /** Share of the pairs whose label is exchanged, after that. */
  readonly flipRate: number;
  /** Every pair alike, or pairs of a small score gap more often. */
  readonly flipBy: "uniform" | "gap";
  /** Of `gap`, in score units: a pair is drawn in proportion to 1 / (1 + exp(gap / temperature)). */
  readonly flipTemperature: number;
}

/** What happened to a pair's label. */
export interface LabelChange {
  /** Set by length: whether that exchanged the label. */
  readonly length: boolean;
  /** Exchanged as noise. */
  readonly noise: boolean;
  /** Whether the label now says the opposite of what it said at first. */
  readonly flipped: boolean;
}

const NO_IDS = new Int32Array(0);

/**
 * Which labels change. The draws of each kind are nested: with the same generators a higher share
 * changes the pairs of a lower one and more.
 *
 * @returns by the pairs' positions; pairs that stay are not in it
 * @throws {UserError} if flips by gap are asked of pairs without scores, or a share is out of range
 */
export function drawCorruption(
  pairs: readonly PairFacts[],
  config: CorruptionConfig,
  prng: (purpose: string) => Prng,
): Map<number, LabelChange> {
  const { lengthConfound, flipRate, flipBy, flipTemperature } = config;
  if (!(lengthConfound >= 0 && lengthConfound <= 1)) {
    throw new UserError(`the length confound must be in [0, 1], got ${lengthConfound}`);
  }
  const confounded = prng("length").shuffle(pairs.map((_, i) => i))
    .slice(0, roundShare(lengthConfound, pairs.length));
  const shorter = new Set(
    confounded.filter((i) => {
      const { chosenLength, rejectedLength } = pairs[i] as PairFacts;
      return chosenLength < rejectedLength;
    }),
  );
  const weights = flipBy === "gap" && flipRate > 0
    ? pairs.map(({ id, gap }) => {
      if (gap === undefined) {
        throw new UserError(
          `pair ${id} has no scores: flips by gap need score_chosen and ` +
            "score_rejected; use --flip-by uniform",
        );
      }
      return 1 / (1 + Math.exp(Math.abs(gap) / flipTemperature));
    })
    : undefined;
  const blank = pairs.map(({ id }) => ({
    ...{ id, promptIds: NO_IDS, chosenIds: NO_IDS, rejectedIds: NO_IDS },
  }));
  const noisy = flipLabels(blank, flipRate, prng("noise"), weights).pairs;
  const changes = new Map<number, LabelChange>();
  pairs.forEach((_, i) => {
    const length = shorter.has(i), noise = noisy[i]?.flipped === true;
    if (length || noise) changes.set(i, { length, noise, flipped: length !== noise });
  });
  return changes;
}
