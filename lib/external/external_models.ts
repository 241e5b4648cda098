import type { Response } from "../policy/generate.ts";
import type { PromptGroup } from "../policy/packing.ts";
import type { BootstrapConfig } from "../sera/config.ts";
import type { StepRow } from "../sera/store.ts";
import type { TrainingPair } from "../training/update.ts";

/** Where models live. Checkpoints are named by iteration; 0 is the SFT model. */
export interface ExternalModels {
  /** Summed log-probabilities of each group's completions under a checkpoint, nats. */
  score(checkpoint: number, name: string, groups: readonly PromptGroup[]): Promise<Float64Array[]>;
  /** Responses of a checkpoint: out[prompt][response]. */
  respond(
    checkpoint: number,
    name: string,
    prompts: readonly Int32Array[],
    options: BootstrapConfig,
  ): Promise<Response[][]>;
  /** Makes checkpoint t of checkpoint `start`, by the pairs; the steps that the trainer told of. */
  train(t: number, start: number, pairs: readonly TrainingPair[]): Promise<readonly StepRow[]>;
}
