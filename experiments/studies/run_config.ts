import type { LossSpec } from "../../lib/losses/loss_table.ts";
import type { EnsembleSpec } from "../../lib/margins/ensemble.ts";
import { fingerprintJson } from "../../lib/results/fingerprint.ts";
import type { SelectionRule } from "../../lib/selection/selection_rule.ts";

/** Changes whenever the code gives other numbers for an unchanged spec: old records then stand apart. */
export const SPEC_VERSION = 1;

/** The SFT model, which every run starts from: a Llama-architecture decoder on the world's words. */
export interface SftConfig {
  /** Width D. */
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  /** Sentences of the writer to learn from. */
  readonly sentences: number;
  readonly steps: number;
  /** Sentences a step. */
  readonly batch: number;
  /** Peak learning rate of a cosine schedule. */
  readonly learningRate: number;
}

/** The world: prompts held out for evaluation, and how long its sentences are. */
export interface WorldConfig {
  readonly heldOutPrompts: number;
  readonly clauses: number;
}

/** Where the preferences come from. */
export interface DataConfig {
  /** Offline pairs N. */
  readonly pairs: number;
  /** Bradley-Terry temperature tau. */
  readonly labelTemperature: number;
  /** Probability that a label is flipped after the Bradley-Terry draw. */
  readonly flipRate: number;
  /** Length confound rho; see `LabelSpec`. */
  readonly lengthConfound: number;
}

/** Preference bootstrapping. */
export interface OnPolicyConfig {
  /** Pairs kept, k~, as a share of the offline pairs N. */
  readonly share: number;
  /** Prompts generated for, as a multiple of the pairs kept. */
  readonly promptFactor: number;
  /** Responses a prompt. */
  readonly responses: number;
  readonly temperature: number;
  readonly topP: number;
}

/** One method: what differs between the arms of a study. */
export interface MethodConfig {
  readonly loss: LossSpec;
  /** NLL anchor alpha. */
  readonly nllAlpha: number;
  readonly iterations: number;
  readonly stepsPerIteration: number;
  readonly batchPairs: number;
  readonly learningRate: number;
  readonly selection: SelectionRule;
  readonly ensemble: EnsembleSpec;
  /** Folds of cross-fitted margins. Absent where it is off, so that older specs keep their hashes. */
  readonly crossFit?: number;
  /** null: no bootstrapping. */
  readonly onPolicy: OnPolicyConfig | null;
  /** Swap the pairs that the policy disagrees with, instead of dropping any. */
  readonly relabel: boolean;
  /** Policy that the losses measure against: the SFT model or the previous iteration's. */
  readonly reference: "sft" | "previous";
  /** Where an iteration starts from. */
  readonly initial: "sft" | "previous";
}

/** Evaluation after every iteration. */
export interface EvaluationConfig {
  /** Samples to each held-out prompt, temperature 1. */
  readonly samplesPerPrompt: number;
}

/** Everything that a run depends on: the same spec gives the same record, but for times. */
export interface RunSpec {
  readonly version: number;
  readonly seed: number;
  readonly world: WorldConfig;
  readonly sft: SftConfig;
  readonly data: DataConfig;
  readonly method: MethodConfig;
  readonly evaluation: EvaluationConfig;
}

/** Changes to a spec. Parts are merged one level deep: a loss or a selection is replaced whole. */
export interface SpecPatch {
  readonly world?: Partial<WorldConfig>;
  readonly sft?: Partial<SftConfig>;
  readonly data?: Partial<DataConfig>;
  readonly method?: Partial<MethodConfig>;
  readonly evaluation?: Partial<EvaluationConfig>;
}

/** The spec with a patch applied; neither argument is changed. */
export function withPatch(spec: RunSpec, patch: SpecPatch): RunSpec {
  return {
    ...spec,
    world: { ...spec.world, ...patch.world },
    sft: { ...spec.sft, ...patch.sft },
    data: { ...spec.data, ...patch.data },
    method: { ...spec.method, ...patch.method },
    evaluation: { ...spec.evaluation, ...patch.evaluation },
  };
}

/** SHA-256 of the spec's canonical JSON: the run's name. */
export function hashSpec(spec: RunSpec): string {
  return fingerprintJson(spec);
}

/** What the SFT model depends on: runs with one key share one model. */
export function sftKey({ version, seed, world, sft }: RunSpec): string {
  return fingerprintJson({ version, seed, world, sft });
}
