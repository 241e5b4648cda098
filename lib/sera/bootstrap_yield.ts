import { UserError } from "../errors.ts";
import type { ProgressSink } from "../progress/progress_sink.ts";
import { roundShare } from "../round_share.ts";
import type { BootstrapResult } from "../selection/bootstrap_pairs.ts";
import type { BootstrapConfig } from "./config.ts";
import { promptsNeeded } from "./prompts_needed.ts";
import type { SeraIteration } from "./types.ts";

/** Fewer pairs than this share of those wanted are worth a warning. */
const FEW = 0.5;

/** What one iteration's bootstrapping gave, beside what was asked of it. */
export interface BootstrapYield {
  readonly iteration: number;
  readonly pairs: number;
  /** Pairs asked for, k~. */
  readonly wanted: number;
  readonly dropped: BootstrapResult["dropped"];
}

/** Pairs that bootstrapping is asked for, k~, beside so many offline pairs. */
export function wantedPairs({ share }: BootstrapConfig, offlinePairs: number): number {
  return Math.max(1, roundShare(share, offlinePairs));
}

/**
 * Why bootstrapping gave few pairs, by count, and what to change; null where it gave enough. Without
 * its own pairs SeRA is selection alone.
 */
export function yieldWarning(
  { iteration, pairs, wanted, dropped }: BootstrapYield,
  { responses, promptFactor, maxNewTokens }: BootstrapConfig,
): string | null {
  if (pairs >= FEW * wanted) return null;
  const all = promptsNeeded({ promptFactor }, wanted) * responses;
  const causes = ([
    [
      dropped.truncatedCandidates,
      `of ${all} responses were cut at ${maxNewTokens} tokens`,
      "raise --max-new-tokens",
    ],
    [
      dropped.emptyCandidates,
      `of ${all} responses say nothing: the policy ends at once`,
      "lower --lr, or raise --beta",
    ],
    [
      dropped.duplicateCandidates,
      `of ${all} responses repeat another one`,
      "raise --temperature or --responses",
    ],
    [
      dropped.promptsWithEqualRewards * responses,
      `of ${all} responses have equal rewards: the policy is still the reference`,
      "raise --lr or --steps",
    ],
  ] as const).filter(([count]) => count > 0).toSorted((a, b) => b[0] - a[0]);
  const reasons = causes.map(([count, text]) => `${count} ${text}`).join(", ");
  const advice = causes[0]?.[2] ?? "raise --responses";
  return `iteration ${iteration}: bootstrapping gave ${pairs} of the ${wanted} pairs wanted ` +
    `(${
      reasons || "no response was dropped"
    }; ${dropped.promptsWithoutTwo} prompts were left with fewer ` +
    `than two responses), so it trains on nearly the given pairs alone: ${advice}`;
}

/**
 * Says so where an iteration's bootstrapping gave few pairs or none.
 *
 * @param before the iteration before; undefined where there is none
 * @throws {UserError} where both gave none: what goes on under SeRA's name would not be SeRA
 */
export function checkYield(
  { config, keepOwn, progress }: {
    readonly config: { readonly bootstrap: BootstrapConfig | null };
    readonly keepOwn: number;
    readonly progress: ProgressSink;
  },
  iteration: number,
  { pairs, dropped }: {
    readonly pairs: readonly unknown[];
    readonly dropped: SeraIteration["dropped"];
  },
  before: Pick<SeraIteration, "dropped" | "generated"> | undefined,
): void {
  if (config.bootstrap === null || dropped === null) return;
  const own = { iteration, pairs: pairs.length, wanted: keepOwn, dropped };
  const warning = yieldWarning(own, config.bootstrap);
  if (warning === null) return;
  if (pairs.length === 0 && before?.dropped && before.generated.length === 0) {
    throw new UserError(`${warning}; iteration ${iteration - 1} gave none either`);
  }
  progress.message(`warning: ${warning}`);
}
