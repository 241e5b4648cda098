import type { MetricName, MetricValues } from "./metrics.ts";

/** Ways in which the method is known to fail. */
export const failureSignatures = [
  "collapse",
  "irm-uniformly-low",
  "decline",
  "train-held-out-gap",
] as const;

/** One of them. */
export type FailureSignature = typeof failureSignatures[number];

/** A failure seen in a run. */
export interface FailureWarning {
  /** Which failure. */
  readonly signature: FailureSignature;
  /** First iteration (from 1) that shows it. */
  readonly iteration: number;
  /** What was measured, with the threshold. */
  readonly detail: string;
}

/** Every threshold, in one place. */
export const FAILURE_THRESHOLDS = {
  /** Collapse: bigram variety below this share of the SFT model's... */
  distinct2Share: 0.25,
  /** ... or more repeated bigrams in a response than this share... */
  repetitionRate: 0.2,
  /**
   * ... or more unfinished responses than the SFT model has and this share, by more than so many
   * standard errors of the difference: of 16 responses a fifth more is chance...
   */
  truncationRate: 0.2,
  truncationErrors: 2,
  /** ... or a share of valid responses below this share of the SFT model's. */
  validShare: 0.5,
  /** IRM uniformly low: nine pairs in ten below this margin after the first iteration. */
  marginP90: 0.05,
  /** Decline: score below the best earlier iteration's by more than this. */
  scoreDrop: 0.1,
  /**
   * Gap: held-out loss above the best earlier iteration's by more than this, nats (a seventh of the
   * ln 2 that a policy loses which tells nothing apart)...
   */
  heldOutRise: 0.1,
  /** ... and by more than this share of it: losses such as IPO's have another scale. */
  heldOutRiseShare: 0.1,
} as const;

/**
 * Names the failures a run shows, each at its first iteration.
 *
 * `train-held-out-gap` is over-fitting: the held-out loss rises above its own best while the training
 * loss falls below what it was then. The plain difference of the two would not do. The pairs trained
 * on change from iteration to iteration, and selection by margin keeps those that the policy finds
 * easy, so their loss falls at once with no harm to others; and label noise is in the training pairs
 * alone. The held-out pairs stay the same, so their loss compares with itself. Where both losses
 * rise, the update diverges: a decline or a collapse, not a gap. One iteration shows no gap.
 *
 * @param iterations metrics after each iteration; what was not measured shows nothing
 * @param sft the SFT model's metrics, from as many samples
 * @param score what `decline` looks at; null where no metric is precise enough
 * @param samples how many samples a measurement has; default: enough for every share to be exact
 */
export function failureWarnings(
  iterations: readonly MetricValues[],
  sft: MetricValues,
  score: MetricName | null = "gold",
  samples = Infinity,
): FailureWarning[] {
  const limit = FAILURE_THRESHOLDS;
  const warnings = new Map<FailureSignature, FailureWarning>();
  const warn = (signature: FailureSignature, iteration: number, detail: string) => {
    if (!warnings.has(signature)) warnings.set(signature, { signature, iteration, detail });
  };
  let best = -Infinity;
  /** The earlier iteration with the lowest held-out loss. */
  let fitted: { readonly trainLoss: number; readonly heldOutLoss: number } | undefined;
  iterations.forEach((metrics, index) => {
    const iteration = index + 1;
    const each = {
      ...numbers(metrics, "distinct2", "repetitionRate", "truncationRate", "validRate"),
      ...numbers(metrics, "marginP90", "trainLoss", "heldOutLoss"),
      score: score === null ? NaN : metrics[score] ?? NaN,
    };
    const variety = each.distinct2 / (sft.distinct2 ?? NaN);
    const truncated = sft.truncationRate ?? 0;
    const valid = each.validRate / (sft.validRate ?? NaN);
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
    const more = Math.max(
      limit.truncationRate,
      limit.truncationErrors * standardError([each.truncationRate, truncated], samples),
    );
    if (each.truncationRate > truncated + more) {
      warn(
        "collapse",
        iteration,
        `truncation rate ${round(each.truncationRate)}, the SFT model's ` +
          `${round(truncated)} (limit +${more === limit.truncationRate ? more : round(more)})`,
      );
    }
    if (valid < limit.validShare) {
      warn(
        "collapse",
        iteration,
        `valid responses are ${round(valid)} of the SFT model's (limit ${limit.validShare})`,
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
    if (best - each.score > limit.scoreDrop) {
      warn(
        "decline",
        iteration,
        `${score} ${round(each.score)} after ${round(best)} ` +
          `(limit ${limit.scoreDrop})`,
      );
    }
    best = Math.max(best, Number.isNaN(each.score) ? -Infinity : each.score);
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

/** Standard error of the difference of two shares, each of so many samples. */
function standardError(shares: readonly number[], samples: number): number {
  return Math.sqrt(shares.reduce((sum, p) => sum + p * (1 - p) / samples, 0));
}

function round(value: number): string {
  return value.toFixed(3);
}

function numbers<Name extends MetricName>(
  metrics: MetricValues,
  ...names: Name[]
): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, metrics[name] ?? NaN])) as Record<
    Name,
    number
  >;
}
