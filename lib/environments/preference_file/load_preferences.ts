import { LanguageModel } from "../../policy/language_model.ts";
import { loadParameters } from "../../policy/parameters.ts";
import { defaultBootstrap } from "../../sera/config.ts";
import type { PreparedEnvironment } from "../environment.ts";
import { sampleKeeper } from "./kept_samples.ts";
import type { OpenedPreferences } from "./open_preferences.ts";

/** Models by fingerprint: runs of one process share the frozen weights. */
const models = new Map<string, Promise<LanguageModel>>();

/**
 * Loads the weights of what was opened: everything of a run but its config. Needs a loaded engine.
 *
 * @param samples file for the texts of the last policy's samples; undefined: they are not kept
 */
export async function loadPreferences(
  { setting, files, file, pairs, heldOut, lora }: OpenedPreferences,
  seed: number,
  samples?: string,
): Promise<PreparedEnvironment> {
  const { config, tokenizer, fingerprint } = files;
  const loading = models.get(fingerprint) ?? loadParameters(config, files.weights)
    .then((parameters) => new LanguageModel(config, parameters));
  models.set(fingerprint, loading);
  const reference = await loading;
  const policy = lora === undefined ? reference.clone() : reference.withLora(lora, seed);
  const { evaluationPrompts, samplesPerPrompt, maxNewTokens } = setting;
  const prompts = new Map(heldOut.map((pair) => [pair.promptIds.join(), pair]));
  const evaluated = [...prompts.values()].slice(0, evaluationPrompts);
  const text = (ids: ArrayLike<number>) => tokenizer.decode(ids, { skipSpecialTokens: true });
  return {
    ...{ policy, reference, pairs, heldOut, stopTokenIds: tokenizer.stopTokenIds },
    evaluation: {
      prompts: evaluated.map(({ promptIds }) => promptIds),
      ...{ samplesPerPrompt, maxNewTokens, batch: defaultBootstrap.batch },
      ...(samples !== undefined &&
        { onSamples: sampleKeeper(samples, evaluated, file.pairs, text) }),
    },
    text,
    dispose: () => {
      // Masks are no part of what trains, and clones of a model share them.
      for (const sites of policy.lora ?? []) {
        for (const { mask } of Object.values(sites)) mask?.dispose();
      }
      policy.dispose();
    },
  };
}
