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
 * const prepared = await preferenceFile.prepare(setting, 0);
 * const config = { ...preferenceFile.sera(setting), loss: { name: "ipo" } } as const;
 * const { iterations } = await runSera({ ...prepared, config });
 * console.log(iterations.at(-1)?.metrics);
 * ```
 *
 * Run it from anywhere with the suite's configuration:
 * `deno run -A --config path/to/sera/deno.json mine.ts`.
 *
 * @module
 */

// Engine, models and data.
export { type Engine, type EngineInfo, loadEngine, type TensorFlow } from "./engine/tensorflow.ts";
export { UserError } from "./errors.ts";
export { createPrng, type Prng } from "./random/prng.ts";
export { type LoadedModel, loadPolicy } from "./policy/load_policy.ts";
export type { OpenModelOptions } from "./policy/io/load.ts";
export type { DownloadProgress } from "./policy/io/hub.ts";
export type { WeightSource } from "./policy/weights.ts";
export type { ModelFiles } from "./policy/io/model_files.ts";
export type { Architecture, ModelConfig, RopeScaling } from "./policy/config.ts";
export type { FusedSite } from "./policy/fused_site.ts";
export type { LanguageModel, Snapshot } from "./policy/language_model.ts";
export type { LoraConfig } from "./policy/lora.ts";
export { generate, type GenerationOptions, type Response } from "./policy/generate.ts";
export type { SamplingRule } from "./policy/sampling.ts";
export type { PromptGroup } from "./policy/packing.ts";
export { type ScoringOptions, sequenceLogps } from "./policy/sequence_logps.ts";
export type { ChatTemplateUse } from "./data/render_text.ts";
export type { FileKind } from "./data/file_kind.ts";
export type { PreferenceFormat } from "./data/preference_record.ts";
export type { Truncation } from "./data/truncate_pair.ts";
export type { TextTokenizer } from "./text/tokenizer.ts";
export type { ChatMessage } from "./text/chat_message.ts";
export type { PreferencePair, TextOrMessages, TokenizedPair } from "./data/preference.ts";
export {
  type DataColumn,
  type PreferenceFile,
  readPreferences,
  type ReadPreferencesOptions,
  type SkippedRecord,
} from "./data/read_preferences.ts";
export {
  type DroppedPair,
  type TokenizedPairs,
  type TokenizeOptions,
  tokenizePairs,
} from "./data/tokenize_pairs.ts";
export { flipLabels, type NoisyPairs } from "./data/label_noise.ts";
export { type Split, splitByPrompt } from "./data/split.ts";
export type { PhaseOptions, ProgressFields, ProgressSink } from "./progress/progress_sink.ts";
export type { JsonObject, JsonValue } from "./files/canonical_json.ts";

// Losses, margins, selection: arrays in, arrays out.
export {
  type LossConfig,
  type LossConfigOf,
  lossDefinitions,
  type LossName,
  lossNames,
} from "./losses/loss_table.ts";
export { referenceLosses } from "./losses/reference_losses.ts";
export { referenceFreeLosses } from "./losses/reference_free_losses.ts";
export { noiseRobustLosses } from "./losses/noise_robust_losses.ts";
export {
  defaultLossConfig,
  lossConfigFromOptions,
  type LossOptions,
} from "./losses/loss_config.ts";
export { pairLoss } from "./losses/pair_loss.ts";
export type { PairLogps, PairLosses } from "./losses/types.ts";
export { implicitRewards, logRatios, type MarginKind } from "./margins/implicit_reward.ts";
export { implicitRewardMargins, pairMargins } from "./margins/implicit_reward_margin.ts";
export {
  type EnsembleConfig,
  ensembleRewards,
  type EnsembleWeighting,
  ensembleWeights,
} from "./margins/ensemble.ts";
export { type Selection, type SelectionContext, selectPairs } from "./selection/select.ts";
export type { Keep, Ranking, ScoreName, SelectionRule } from "./selection/selection_rule.ts";
export {
  bootstrapPairs,
  type BootstrappedPair,
  type BootstrapResult,
  type Candidate,
} from "./selection/bootstrap_pairs.ts";

// SeRA.
export {
  type BootstrapConfig,
  defaultSeraConfig,
  type LossOptionsOf,
  type RewardModelConfig,
  type SeraConfig,
  seraConfig,
  type SeraOptions,
} from "./sera/config.ts";
export { type MethodName, methods } from "./sera/methods.ts";
export { runSera } from "./sera/run_sera.ts";
export type { Evaluation, GeneratedPair, SeraInput, SeraIteration, SeraRun } from "./sera/types.ts";
export { type ScheduleName, scheduleNames } from "./training/schedule.ts";
export type { GroupScorer } from "./sera/scorer.ts";
export { type Phase, phases, type PhaseSeconds } from "./sera/phase_clock.ts";
export { MemoryStore, type SeraStore, type StepRow, type UpdateState } from "./sera/store.ts";
export {
  type FailureSignature,
  failureSignatures,
  type FailureWarning,
} from "./metrics/failure_signatures.ts";
export type { SampledMetrics } from "./metrics/measure_samples.ts";
export type { MetricDefinition, MetricDefinitions } from "./metrics/metric_definition.ts";
export { learningMetricDefinitions } from "./metrics/learning_metrics.ts";
export { sampleMetricDefinitions } from "./metrics/sample_metrics.ts";
export {
  bootstrapMetricDefinitions,
  selectionMetricDefinitions,
} from "./metrics/selection_metrics.ts";
export { timeMetricDefinitions } from "./metrics/time_metrics.ts";
export { type MetricName, metrics, type MetricValues } from "./metrics/metrics.ts";
export type { GoldReward } from "./metrics/gold.ts";

// Environments and studies.
export type {
  Environment,
  EnvironmentContext,
  PreparedEnvironment,
  Setting,
  SettingValue,
} from "./environments/environment.ts";
export { smallLanguage } from "./environments/small_language/environment.ts";
export type { SmallLanguageSetting } from "./environments/small_language/setting.ts";
/** The small language: its sentences, their gold reward, labels and prompts. */
export * as reviewWorld from "./environments/small_language/world/mod.ts";
export { sentiment } from "./environments/sentiment/environment.ts";
export type { SentimentSetting } from "./environments/sentiment/setting.ts";
/** Controlled sentiment: its prompts, and the sentiment of a text. */
export * as controlledSentiment from "./environments/sentiment/mod.ts";
export {
  preferenceFile,
  type PreferenceFileEnvironment,
} from "./environments/preference_file/environment.ts";
export { preferenceSetting } from "./environments/preference_file/open_preferences.ts";
export type { PreferenceFileSetting } from "./environments/preference_file/setting.ts";
export {
  type Arm,
  type ArmDefinition,
  type Cell,
  type Condition,
  defineStudy,
  type PresetName,
  type Study,
  type StudyDefinition,
  type StudyPreset,
  withArms,
} from "./study/study.ts";
export type { MatchedArm } from "./study/matched.ts";
export type { RunChange, RunConfig } from "./study/run_config.ts";
export type { Factors, MethodFactors } from "./study/factors.ts";
export type { CellPlace, PlannedCell, PlannedRun, PlanOptions } from "./study/plan.ts";
export type { OpenedStudy, OpenOptions, StudyResults } from "./study/open_study.ts";
export { runStudy, type RunStudyOptions } from "./runner/run_study.ts";
export type { RunMissingSummary } from "./runner/run_missing.ts";
export { onSharedSeeds, type RowPlace, type StudyRow } from "./study/rows.ts";
export {
  type ArmPair,
  type Contrast,
  type ContrastOptions,
  contrasts,
  type RowSource,
} from "./study/contrasts.ts";
export { type WinRate, winRates, type WinRateSource } from "./study/win_rates.ts";
export type { Estimate } from "./statistics/intervals.ts";
export type { PairedDifference, PairedMethod } from "./statistics/paired_difference.ts";
export type { Claim } from "./study/claim.ts";
export {
  type ClaimResult,
  judgeClaims,
  type JudgedClaims,
  type Verdict,
} from "./study/judge_claims.ts";
export {
  describeArms,
  describeConditions,
  type DescribedPlan,
  type DescribedRow,
  describeShared,
} from "./study/describe.ts";
export type { StudyRecord } from "./study/record.ts";
export type { RecordStore } from "./study/record_store.ts";

// Plots and notebooks.
export * from "./figures/mod.ts";
export * from "./notebook/mod.ts";
export { type WatchOptions, watchStudy } from "./notebook/watch_study.ts";
