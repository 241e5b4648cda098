import type { LossSpec } from "../losses/loss_table.ts";
import type { EnsembleSpec } from "../margins/ensemble.ts";
import type { SelectionRule } from "../selection/selection_rule.ts";
import type { AdamWConfig } from "./adamw.ts";
import type { ScheduleName } from "./schedule.ts";

/** Preference bootstrapping: pairs that the policy generates and ranks itself. */
export interface OnPolicyConfig {
  /** Prompts to respond to in each iteration, drawn anew; at most as many as there are. */
  readonly prompts: number;
  /** Pairs kept, k~: those with the largest margins. */
  readonly pairs: number;
  /** Responses a prompt, N. */
  readonly responses: number;
  readonly temperature: number;
  readonly topP: number;
  /** 0 is off. */
  readonly topK: number;
  /** Longer responses are truncated, and dropped. */
  readonly maxNewTokens: number;
  /** Responses decoded side by side. The numbers that responses draw depend on it. */
  readonly batch: number;
}

/** Everything that decides an alignment run but the model, the data and the seed. */
export interface SeraConfig {
  readonly loss: LossSpec;
  /** Weight of the chosen response's per-token NLL beside the loss; 0 is off. */
  readonly nllAlpha: number;
  /** T. The first is a plain update on every pair. */
  readonly iterations: number;
  readonly stepsPerIteration: number;
  /** Pairs an optimiser step. */
  readonly batchPairs: number;
  /** Peak learning rate; schedule and optimiser start anew in every iteration. */
  readonly learningRate: number;
  readonly schedule: ScheduleName;
  readonly warmupSteps: number;
  readonly optimiser: AdamWConfig;
  /** Which offline pairs iterations t >= 2 train on. */
  readonly selection: SelectionRule;
  readonly ensemble: EnsembleSpec;
  /**
   * Folds of cross-fitted margins, at least 2 (see `crossFitter`; no part of the paper). Absent, not
   * null, where it is off: a config without it stays byte for byte what it was before it existed.
   */
  readonly crossFit?: number;
  /** null: no bootstrapping. */
  readonly onPolicy: OnPolicyConfig | null;
  /** Swap the offline pairs that the policy disagrees with (a control; no paper's arm). */
  readonly relabel: boolean;
  /** Policy that the loss measures against: the SFT model, or the previous iteration's [I]. */
  readonly reference: "sft" | "previous";
  /** Where the update of an iteration starts: the previous policy, or the SFT model [I]. */
  readonly initial: "sft" | "previous";
  /**
   * Most packed rows in one pass: bounds memory, and changes results by rounding alone, but for
   * LoRA dropout: each pass of a batch draws its own masks.
   */
  readonly maxRows: number;
}
