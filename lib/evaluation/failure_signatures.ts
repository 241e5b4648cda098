/** Ways in which the method is known to fail. */
export type FailureSignature =
  | "collapse"
  | "irm-uniformly-low"
  | "decline"
  | "train-held-out-gap";

/** A failure seen in a run. */
export interface FailureWarning {
  readonly signature: FailureSignature;
  /** First iteration (from 1) that shows it. */
  readonly iteration: number;
  /** What was measured, with the threshold. */
  readonly detail: string;
}

/** What the signatures are read from, one an iteration. NaN means "not measured". */
export interface IterationHealth {
  /** Gold reward, or any score of quality that should not fall. */
  readonly gold: number;
  readonly distinct2: number;
  /** Shares in [0, 1]. */
  readonly repetitionRate: number;
  readonly truncationRate: number;
  /** 90th percentile of the implicit reward margin over the pairs that were ranked. */
  readonly marginP90: number;
  /** Mean loss of the iteration's training pairs and, after it, of held-out pairs, nats. */
  readonly trainLoss: number;
  readonly heldOutLoss: number;
}

/** Every threshold, in one place. */
export const FAILURE_THRESHOLDS = {
  /** Collapse: bigram variety below this share of the SFT model's... */
  distinct2Share: 0.25,
  /** ... or more repeated bigrams in a response than this share... */
  repetitionRate: 0.2,
  /** ... or more unfinished responses than the SFT model has and this share. */
  truncationRate: 0.2,
  /** IRM uniformly low: nine pairs in ten below this margin after the first iteration. */
  marginP90: 0.05,
  /** Decline: score below the best earlier iteration's by more than this. */
  goldDrop: 0.1,
  /**
   * Gap: held-out loss above the best earlier iteration's by more than this, nats (a seventh of the
   * ln 2 that a policy loses which tells nothing apart)...
   */
  heldOutRise: 0.1,
  /** ... and by more than this share of it: losses such as IPO's have another scale. */
  heldOutRiseShare: 0.1,
} as const;

/** What a run is compared with. */
export interface HealthReference {
  /** Bigram variety of the SFT model's samples, as many as an iteration's. */
  readonly distinct2: number;
  /** Share of the SFT model's samples that are unfinished. */
  readonly truncationRate: number;
  /** What `gold` is, for messages. */
  readonly score: string;
}

/**
 * Names the failures a run shows, each at its first iteration.
 *
 * `train-held-out-gap` is over-fitting: the held-out loss rises above its own best while the training
 * loss falls below what it was then. The plain difference of the two would not do. The pairs trained
 * on change from iteration to iteration, and selection by margin keeps those that the policy finds
 * easy, so their loss falls at once with no harm to others; and label noise is in the training pairs
 * alone. The held-out pairs stay the same, so their loss compares with itself. Where both losses
 * rise, the update diverges: a decline or a collapse, not a gap. One iteration shows no gap.
 */
export function failureWarnings(
  iterations: readonly IterationHealth[],
  reference: HealthReference,
): FailureWarning[] {
  const limit = FAILURE_THRESHOLDS;
  const warnings = new Map<FailureSignature, FailureWarning>();
  const warn = (signature: FailureSignature, iteration: number, detail: string) => {
    if (!warnings.has(signature)) warnings.set(signature, { signature, iteration, detail });
  };
  let best = -Infinity;
  /** The earlier iteration with the lowest held-out loss. */
  let fitted: IterationHealth | undefined;
  iterations.forEach((each, index) => {
    const iteration = index + 1;
    const variety = each.distinct2 / reference.distinct2;
    if (variety < limit.distinct2Share) {
      warn(
        "collapse",
        iteration,
        `distinct-2 is ${round(variety)} of the SFT model's ` +
          `(limit ${limit.distinct2Share})`,
      );
    }
    if (each.repetitionRate > limit.repetitionRate) {
      warn(
        "collapse",
        iteration,
        `repetition rate ${round(each.repetitionRate)} ` +
          `(limit ${limit.repetitionRate})`,
      );
    }
    if (each.truncationRate > reference.truncationRate + limit.truncationRate) {
      warn(
        "collapse",
        iteration,
        `truncation rate ${round(each.truncationRate)}, the SFT model's ` +
          `${round(reference.truncationRate)} (limit +${limit.truncationRate})`,
      );
    }
    if (each.marginP90 < limit.marginP90) {
      warn(
        "irm-uniformly-low",
        iteration,
        `90th percentile of the margin ` +
          `${round(each.marginP90)} (limit ${limit.marginP90})`,
      );
    }
    if (best - each.gold > limit.goldDrop) {
      warn(
        "decline",
        iteration,
        `${reference.score} ${round(each.gold)} after ${round(best)} ` +
          `(limit ${limit.goldDrop})`,
      );
    }
    best = Math.max(best, Number.isNaN(each.gold) ? -Infinity : each.gold);
    if (fitted !== undefined && each.trainLoss < fitted.trainLoss) {
      const rise = Math.max(
        limit.heldOutRise,
        limit.heldOutRiseShare * Math.abs(fitted.heldOutLoss),
      );
      if (each.heldOutLoss - fitted.heldOutLoss > rise) {
        warn(
          "train-held-out-gap",
          iteration,
          `held-out loss ${round(each.heldOutLoss)} after ${round(fitted.heldOutLoss)} ` +
            `(limit +${round(rise)}), while training's fell from ${round(fitted.trainLoss)} to ` +
            round(each.trainLoss),
        );
      }
    }
    if (each.heldOutLoss < (fitted?.heldOutLoss ?? Infinity)) fitted = each;
  });
  return [...warnings.values()];
}

function round(value: number): string {
  return value.toFixed(3);
}
