import { LanguageModel } from "../../policy/language_model.ts";
import { loadParameters } from "../../policy/parameters.ts";
import { defaultBootstrap } from "../../sera/config.ts";
import type { PreparedEnvironment } from "../environment.ts";
import type { OpenedPreferences } from "./open_preferences.ts";

/** Models by fingerprint: runs of one process share the frozen weights. */
const models = new Map<string, Promise<LanguageModel>>();

/** Loads the weights of what was opened: everything of a run but its config. Needs a loaded engine. */
export async function loadPreferences(
  { setting, files, pairs, heldOut, lora }: OpenedPreferences,
  seed: number,
): Promise<PreparedEnvironment> {
  const { config, tokenizer, fingerprint } = files;
  const loading = models.get(fingerprint) ?? loadParameters(config, files.weights)
    .then((parameters) => new LanguageModel(config, parameters));
  models.set(fingerprint, loading);
  const reference = await loading;
  const policy = lora === undefined ? reference.clone() : reference.withLora(lora, seed);
  const { evaluationPrompts, samplesPerPrompt, maxNewTokens } = setting;
  const prompts = new Map(heldOut.map(({ promptIds }) => [promptIds.join(), promptIds]));
  return {
    ...{ policy, reference, pairs, heldOut, stopTokenIds: tokenizer.stopTokenIds },
    evaluation: {
      prompts: [...prompts.values()].slice(0, evaluationPrompts),
      ...{ samplesPerPrompt, maxNewTokens, batch: defaultBootstrap.batch },
    },
    text: (ids) => tokenizer.decode(ids, { skipSpecialTokens: true }),
    dispose: () => {
      // Masks are no part of what trains, and clones of a model share them.
      for (const sites of policy.lora ?? []) {
        for (const { mask } of Object.values(sites)) mask?.dispose();
      }
      policy.dispose();
    },
  };
}
