/**
 * SeRA: self-reviewing and alignment of language models by implicit reward margins (arXiv
 * 2410.09362), on Deno and TensorFlow.js. The one import of scripts and notebooks:
 *
 * ```ts
 * import { loadEngine, preferenceFile, preferenceSetting, runSera } from "@sera/sera";
 *
 * await loadEngine();
 * const files = await preferenceSetting({ model: "models/mine", data: "pairs.jsonl" });
 * const setting = { ...preferenceFile.defaults, ...files };
 * const prepared = await preferenceFile.prepare(setting, 0, { cache: ".cache" });
 * const { iterations } = await runSera({ ...prepared, config: { loss: { name: "ipo" } } });
 * console.log(iterations.at(-1)?.metrics);
 * ```
 *
 * Run it from anywhere with the suite's configuration:
 * `deno run -A --config path/to/sera/deno.json mine.ts`.
 *
 * @module
 */

// Engine, models and data.
export { type Engine, type EngineInfo, loadEngine } from "./engine/tensorflow.ts";
export { UserError } from "./errors.ts";
export { createPrng, type Prng } from "./random/prng.ts";
export { type LoadedModel, loadPolicy } from "./policy/load_policy.ts";
export { LanguageModel, type Snapshot } from "./policy/language_model.ts";
export { initialLora, type LoraConfig } from "./policy/lora.ts";
export { generate, type GenerationOptions, type Response } from "./policy/generate.ts";
export type { PromptGroup } from "./policy/packing.ts";
export { sequenceLogps } from "./policy/sequence_logps.ts";
export type { PreferencePair, TokenizedPair } from "./data/preference.ts";
export { readPreferences } from "./data/read_preferences.ts";
export { tokenizePairs } from "./data/tokenize_pairs.ts";
export { flipLabels } from "./data/label_noise.ts";
export { splitByPrompt } from "./data/split.ts";

// Losses, margins, selection: arrays in, arrays out.
export { type LossConfig, type LossName, lossNames } from "./losses/loss_table.ts";
export { defaultLossConfig, lossConfigFromOptions } from "./losses/loss_config.ts";
export { pairLoss } from "./losses/pair_loss.ts";
export type { PairLogps, PairLosses } from "./losses/types.ts";
export { implicitRewards, logRatios } from "./margins/implicit_reward.ts";
export { implicitRewardMargins, pairMargins } from "./margins/implicit_reward_margin.ts";
export { type EnsembleConfig, ensembleRewards, ensembleWeights } from "./margins/ensemble.ts";
export { type Selection, selectPairs } from "./selection/select.ts";
export type { Keep, SelectionRule } from "./selection/selection_rule.ts";
export {
  bootstrapPairs,
  type BootstrapResult,
  type Candidate,
} from "./selection/bootstrap_pairs.ts";

// SeRA.
export {
  type BootstrapConfig,
  defaultSeraConfig,
  type SeraConfig,
  seraConfig,
  type SeraOptions,
} from "./sera/config.ts";
export { type MethodName, methods } from "./sera/methods.ts";
export { runSera } from "./sera/run_sera.ts";
export type { Evaluation, SeraInput, SeraIteration, SeraRun } from "./sera/types.ts";
export { MemoryStore, type SeraStore } from "./sera/store.ts";
export {
  type MetricDefinition,
  type MetricName,
  metrics,
  type MetricValues,
} from "./metrics/metrics.ts";
export type { GoldReward } from "./metrics/gold.ts";

// Environments and studies.
export type {
  Environment,
  EnvironmentContext,
  PreparedEnvironment,
  Setting,
} from "./environments/environment.ts";
export { smallLanguage } from "./environments/small_language/environment.ts";
export type { SmallLanguageSetting } from "./environments/small_language/setting.ts";
export * as reviewWorld from "./environments/small_language/world/mod.ts";
export { preferenceFile } from "./environments/preference_file/environment.ts";
export { preferenceSetting } from "./environments/preference_file/open_preferences.ts";
export type { PreferenceFileSetting } from "./environments/preference_file/setting.ts";
export {
  type Arm,
  type Condition,
  defineStudy,
  type Study,
  type StudyDefinition,
  withArms,
} from "./study/study.ts";
export type { OpenedStudy } from "./study/open_study.ts";
export { runStudy, type RunStudyOptions } from "./runner/run_study.ts";
export { onSharedSeeds, type StudyRow } from "./study/rows.ts";
export { type Contrast, contrasts } from "./study/contrasts.ts";
export { type Claim, type ClaimResult, judgeClaims, type Verdict } from "./study/claim.ts";
export { describeArms, describeConditions, describeShared } from "./study/describe.ts";
export type { StudyRecord } from "./study/record.ts";

// Plots and notebooks.
export * from "./figures/mod.ts";
export * from "./notebook/mod.ts";
export { type WatchOptions, watchStudy } from "./notebook/watch_study.ts";
