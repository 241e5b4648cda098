import type { TokenizedPair } from "../data/preference.ts";
import type { GoldReward } from "../metrics/gold.ts";
import type { SampledMetrics } from "../metrics/measure_samples.ts";
import type { MetricValues } from "../metrics/metrics.ts";
import type { Response } from "../policy/generate.ts";
import type { LanguageModel } from "../policy/language_model.ts";
import type { ProgressSink } from "../progress/progress_sink.ts";
import type { BootstrapResult } from "../selection/bootstrap_pairs.ts";
import type { SeraOptions } from "./config.ts";
import type { PhaseSeconds } from "./phase_clock.ts";
import type { GroupScorer } from "./scorer.ts";
import type { SeraStore } from "./store.ts";

/** Where a policy is measured after every iteration. */
export interface Evaluation {
  /** Held-out prompts to respond to, at temperature 1. */
  readonly prompts: readonly Int32Array[];
  /** Responses to each of them. */
  readonly samplesPerPrompt: number;
  /** Tokens. */
  readonly maxNewTokens: number;
  /**
   * Samples decoded side by side, at least those of one prompt. Bounds memory; changes results by
   * rounding alone, as draws are named by prompt and sample.
   */
  readonly batch: number;
  /** The true reward, where it is known. */
  readonly gold?: GoldReward;
  /** The SFT model's samples, `[prompt][sample]`, where they are there already. */
  readonly sftSamples?: readonly (readonly Response[])[];
  /** Told each iteration's samples, `[prompt][sample]`, where they are drawn and not found in the store. */
  readonly onSamples?: (iteration: number, responses: readonly (readonly Response[])[]) => void;
}

/** What a run starts from. */
export interface SeraInput {
  /** The SFT model with the part that trains; ends as pi_T. */
  readonly policy: LanguageModel;
  /** The SFT model, frozen. */
  readonly reference: LanguageModel;
  /** Offline pairs. */
  readonly pairs: readonly TokenizedPair[];
  /** Pairs of other prompts, never trained on. Default: none. */
  readonly heldOut?: readonly TokenizedPair[];
  /** Prompts to respond to. Default: those of the offline pairs, each once. */
  readonly prompts?: readonly Int32Array[];
  /** What ends a response; needed for bootstrapping and samples. Default: none. */
  readonly stopTokenIds?: readonly number[];
  /**
   * What bootstrapping does with responses that ran into its maxNewTokens: where all are meant to be
   * of that length, they are kept. Default "dropped".
   */
  readonly cutResponses?: "dropped" | "kept";
  /**
   * What bootstrapping does with responses of the stop token alone: the implicit reward may like
   * them best, where it has turned negative for longer ones. Default "kept".
   */
  readonly emptyResponses?: "dropped" | "kept";
  /** Changes to the default config. */
  readonly config?: SeraOptions;
  /** Of every random draw. Default 0. */
  readonly seed?: number;
  /** Default: no samples are drawn. */
  readonly evaluation?: Evaluation;
  /** Where results are kept, so that a killed run goes on. Default: as long as the process. */
  readonly store?: SeraStore;
  /** Scores the reference, where the caller remembers what it scored before. Default: computed. */
  readonly scoreReference?: GroupScorer;
  /** Told what is done and how far it is. Default: nobody. */
  readonly progress?: ProgressSink;
}

/** A pair that the policy made, and its ensemble rewards. */
export interface GeneratedPair extends TokenizedPair {
  /** Index into `prompts`. */
  readonly promptIndex: number;
  /** Of the chosen response. */
  readonly chosenReward: number;
  /** Of the rejected response. */
  readonly rejectedReward: number;
}

/** One iteration. Everything but `seconds` repeats exactly for the same input. */
export interface SeraIteration {
  /** From 1. */
  readonly iteration: number;
  /** Ensemble margins of all offline pairs; null in iteration 1, where every margin is 0. */
  readonly margins: readonly number[] | null;
  /** Offline pairs trained on, indices ascending. */
  readonly selected: readonly number[];
  /** Of those, the pairs whose label was swapped. */
  readonly swapped: readonly number[];
  /** Pairs of bootstrapping that it was trained on, too. */
  readonly generated: readonly GeneratedPair[];
  /** What bootstrapping dropped, and why; null without it. */
  readonly dropped: BootstrapResult["dropped"] | null;
  /** What was measured after the update, and of the pairs; see `metrics`. */
  readonly metrics: MetricValues;
  /** What it took, by phase. */
  readonly seconds: PhaseSeconds;
}

/** What a run gives. */
export interface SeraRun {
  /** The SFT model, measured like the policies. */
  readonly sft: MetricValues;
  /** The first first. */
  readonly iterations: readonly SeraIteration[];
  /** The last policy's samples, measured. */
  readonly samples: SampledMetrics;
}
