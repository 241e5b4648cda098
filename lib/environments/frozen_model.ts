import type { ModelFiles } from "../policy/io/model_files.ts";
import { LanguageModel } from "../policy/language_model.ts";
import type { LoraConfig } from "../policy/lora.ts";
import { loadParameters } from "../policy/parameters.ts";

/** Models by fingerprint: runs of one process share the frozen weights. */
const models = new Map<string, Promise<LanguageModel>>();

/** The model of these files, loaded once in this process. Not to be disposed. */
export function frozenModel({ config, weights, fingerprint }: ModelFiles): Promise<LanguageModel> {
  const loading = models.get(fingerprint) ??
    loadParameters(config, weights).then((parameters) => new LanguageModel(config, parameters));
  models.set(fingerprint, loading);
  return loading;
}

/** A policy of one run, which frees what belongs to it alone. */
export interface RunPolicy {
  readonly policy: LanguageModel;
  dispose(): void;
}

/**
 * The part that trains, on a frozen model.
 *
 * @param lora undefined: all weights train
 */
export function policyOn(
  reference: LanguageModel,
  lora: LoraConfig | undefined,
  seed: number,
): RunPolicy {
  const policy = lora === undefined ? reference.clone() : reference.withLora(lora, seed);
  return {
    policy,
    dispose: () => {
      // Masks are no part of what trains, and clones of a model share them.
      for (const sites of policy.lora ?? []) {
        for (const { mask } of Object.values(sites)) mask?.dispose();
      }
      policy.dispose();
    },
  };
}
