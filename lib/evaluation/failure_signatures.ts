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
  /** Mean loss of training and of held-out pairs, nats. */
  readonly trainLoss: number;
  readonly heldOutLoss: number;
}

/** Every threshold, in one place. */
export const FAILURE_THRESHOLDS = {
  /** Collapse: bigram variety below this share of the SFT model's... */
  distinct2Share: 0.25,
  /** ... or more repeated bigrams in a response, or unfinished responses, than these shares. */
  repetitionRate: 0.2,
  truncationRate: 0.2,
  /** IRM uniformly low: nine pairs in ten below this margin after the first iteration. */
  marginP90: 0.05,
  /** Decline: score below the best earlier iteration's by more than this. */
  goldDrop: 0.1,
  /** Gap: held-out loss above the training loss by more than this, nats. */
  lossGap: 0.25,
} as const;

/**
 * Names the failures a run shows, each at its first iteration.
 *
 * @param referenceDistinct2 bigram variety of the SFT model's samples, as many as an iteration's
 */
export function failureWarnings(
  iterations: readonly IterationHealth[],
  referenceDistinct2: number,
): FailureWarning[] {
  const limit = FAILURE_THRESHOLDS;
  const warnings = new Map<FailureSignature, FailureWarning>();
  const warn = (signature: FailureSignature, iteration: number, detail: string) => {
    if (!warnings.has(signature)) warnings.set(signature, { signature, iteration, detail });
  };
  let best = -Infinity;
  iterations.forEach((each, index) => {
    const iteration = index + 1;
    const variety = each.distinct2 / referenceDistinct2;
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
    if (each.truncationRate > limit.truncationRate) {
      warn(
        "collapse",
        iteration,
        `truncation rate ${round(each.truncationRate)} ` +
          `(limit ${limit.truncationRate})`,
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
        `gold ${round(each.gold)} after ${round(best)} ` +
          `(limit ${limit.goldDrop})`,
      );
    }
    best = Math.max(best, Number.isNaN(each.gold) ? -Infinity : each.gold);
    if (each.heldOutLoss - each.trainLoss > limit.lossGap) {
      warn(
        "train-held-out-gap",
        iteration,
        `held-out loss ${round(each.heldOutLoss)}, training ` +
          `${round(each.trainLoss)} (limit ${limit.lossGap})`,
      );
    }
  });
  return [...warnings.values()];
}

function round(value: number): string {
  return value.toFixed(3);
}
