import { flipsKnown } from "../data/label_noise.ts";
import type { TokenizedPair } from "../data/preference.ts";
import { UserError } from "../errors.ts";
import { needsMismatched } from "../losses/loss_config.ts";
import type { LanguageModel, Snapshot } from "../policy/language_model.ts";
import { type ProgressSink, silentProgress } from "../progress/progress_sink.ts";
import type { SelectionRule } from "../selection/selection_rule.ts";
import { wantedPairs } from "./bootstrap_yield.ts";
import { type ResolvedConfig, seraConfig } from "./config.ts";
import { type CrossFitter, crossFitter } from "./cross_fit.ts";
import { PhaseClock } from "./phase_clock.ts";
import { RewardModel } from "./reward_model.ts";
import { Scorer } from "./scorer.ts";
import { pastPolicies } from "./past_policies.ts";
import { MemoryStore, type SeraStore } from "./store.ts";
import type { Evaluation, SeraInput } from "./types.ts";

/** A run with everything in its place. */
export interface PreparedRun {
  readonly policy: LanguageModel;
  readonly reference: LanguageModel;
  readonly pairs: readonly TokenizedPair[];
  readonly heldOut: readonly TokenizedPair[];
  readonly prompts: readonly Int32Array[];
  readonly stopTokenIds: readonly number[];
  readonly cutResponses: "dropped" | "kept";
  readonly emptyResponses: "dropped" | "kept";
  readonly evaluation: Evaluation | undefined;
  readonly config: ResolvedConfig;
  /** k~: bootstrapped pairs to keep in each iteration. */
  readonly keepOwn: number;
  /** Which labels the selection rule takes for wrong, where that is known. */
  readonly wrong: readonly boolean[] | undefined;
  readonly seed: number;
  /** The SFT model's trainable part. */
  readonly sft: Snapshot;
  readonly crossFit: CrossFitter | undefined;
  readonly rewardModel: RewardModel | undefined;
  readonly store: SeraStore;
  readonly clock: PhaseClock;
  readonly scorer: Scorer;
  readonly progress: ProgressSink;
}

/** Learning rates where none is told: LoRA's, and that of all weights. */
const LEARNING_RATES = { lora: 1e-4, full: 1e-6 } as const;

/** Fills in what an input leaves open, resolves shares, and checks that the config can be run. */
export async function prepareRun(input: SeraInput): Promise<PreparedRun> {
  const { policy, reference, pairs, heldOut = [], stopTokenIds = [], evaluation } = input;
  if (pairs.length === 0) throw new UserError("there are no pairs to align on: give some");
  const given = seraConfig(input.config ?? {});
  const config: ResolvedConfig = {
    ...given,
    steps: given.steps ?? Math.ceil(pairs.length / given.batch),
    learningRate: given.learningRate ??
      LEARNING_RATES[policy.loraConfig === undefined ? "full" : "lora"],
  };
  if (needsMismatched(config.loss) && Math.min(config.batch, pairs.length) < 2) {
    throw new UserError(
      `${config.loss.name} needs mismatched pairs, at least 2 in a batch: there are ` +
        `${pairs.length} pairs in batches of ${config.batch}`,
    );
  }
  const prompts = input.prompts ?? distinctPrompts(pairs);
  if (config.bootstrap !== null && config.iterations > 1) {
    if (prompts.length === 0) throw new UserError("bootstrapping needs prompts: give some");
    if (stopTokenIds.length === 0) {
      throw new UserError(
        "bootstrapping needs stopTokenIds: without them every response is cut, and dropped",
      );
    }
  }
  const wrong = wrongLabels(input, config.selection);
  const store = input.store ?? new MemoryStore(pastPolicies(config));
  const progress = input.progress ?? silentProgress;
  const seed = input.seed ?? 0;
  const clock = new PhaseClock(store);
  const known = new Map(
    input.scoreReference === undefined ? [] : [[reference, input.scoreReference]],
  );
  const scorer = new Scorer({ clock, progress, maxRows: config.maxRows, known });
  const sft = await policy.snapshot();
  const run = {
    ...{ policy, reference, pairs, heldOut, prompts, stopTokenIds, evaluation },
    cutResponses: input.cutResponses ?? "dropped",
    emptyResponses: input.emptyResponses ?? "kept",
    ...{ config, wrong, seed, sft, store, clock, scorer, progress },
    keepOwn: config.bootstrap === null ? 0 : wantedPairs(config.bootstrap, pairs.length),
  };
  return {
    ...run,
    crossFit: config.crossFit === null ? undefined : crossFitter(config.crossFit, run),
    rewardModel: config.rewardModel === null ? undefined : new RewardModel(config.rewardModel, run),
  };
}

/** Labels that were flipped or, if the rule asks, whose chosen response has the lower gold reward. */
function wrongLabels(
  { pairs, evaluation }: SeraInput,
  rule: SelectionRule,
): readonly boolean[] | undefined {
  if (rule.rule === "oracle" && rule.truth === "gold") {
    const gold = evaluation?.gold;
    if (gold === undefined) {
      throw new UserError('the oracle rule with truth "gold" needs a gold reward');
    }
    return pairs.map(({ promptIds, chosenIds, rejectedIds }) =>
      gold.reward(promptIds, chosenIds) < gold.reward(promptIds, rejectedIds)
    );
  }
  if (flipsKnown(pairs)) {
    return pairs.map((pair) => pair.flipped === true);
  }
  if (rule.rule === "oracle" || rule.rule === "matched") {
    throw new UserError(`the ${rule.rule} rule needs pairs whose flips are known`);
  }
  return undefined;
}

/** Each prompt once, in order of first use. */
export function distinctPrompts(pairs: readonly TokenizedPair[]): Int32Array[] {
  return [...new Map(pairs.map(({ promptIds }) => [promptIds.join(), promptIds])).values()];
}
