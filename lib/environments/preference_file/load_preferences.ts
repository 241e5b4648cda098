import type { TokenizedPair } from "../../data/preference.ts";
import { createPrng } from "../../random/prng.ts";
import { defaultBootstrap } from "../../sera/config.ts";
import type { PreparedEnvironment } from "../environment.ts";
import { frozenModel, policyOn } from "../frozen_model.ts";
import { sampleKeeper } from "./kept_samples.ts";
import type { OpenedPreferences } from "./open_preferences.ts";
import type { PreferenceFileSetting } from "./setting.ts";

/**
 * Loads the weights of what was opened: everything of a run but its config. Needs a loaded engine.
 *
 * @param options.samples file for the texts of the last policy's samples; undefined: they are not kept
 * @param options.batch responses to held-out prompts decoded side by side: bounds memory, and changes
 * results by rounding alone
 */
export async function loadPreferences(
  { setting, files, file, pairs, heldOut, lora }: OpenedPreferences,
  seed: number,
  { samples, batch = defaultBootstrap.batch }: {
    readonly samples?: string | undefined;
    readonly batch?: number;
  } = {},
): Promise<PreparedEnvironment> {
  const { tokenizer } = files;
  const reference = await frozenModel(files);
  const { policy, dispose } = policyOn(reference, lora, seed);
  const { samplesPerPrompt, maxNewTokens } = setting;
  const evaluated = evaluatedPairs({ setting, heldOut }, seed);
  const text = (ids: ArrayLike<number>) => tokenizer.decode(ids, { skipSpecialTokens: true });
  return {
    ...{ policy, reference, pairs, heldOut, stopTokenIds: tokenizer.stopTokenIds },
    evaluation: {
      prompts: evaluated.map(({ promptIds }) => promptIds),
      ...{ samplesPerPrompt, maxNewTokens, batch },
      ...(samples !== undefined &&
        { onSamples: sampleKeeper(samples, evaluated, file.pairs, text) }),
    },
    ...{ emptyResponses: "dropped", text, dispose },
  };
}

/** A held-out pair of each prompt that is responded to after every iteration, in the file's order. */
export function evaluatedPairs(
  { setting: { evaluationPrompts, evaluationDraw }, heldOut }: {
    readonly setting: Pick<PreferenceFileSetting, "evaluationPrompts" | "evaluationDraw">;
    readonly heldOut: readonly TokenizedPair[];
  },
  seed: number,
): TokenizedPair[] {
  const pairs = [...new Map(heldOut.map((pair) => [pair.promptIds.join(), pair])).values()];
  if (evaluationDraw === undefined) return pairs.slice(0, evaluationPrompts);
  const places = createPrng(seed, "evaluation prompts").shuffle(pairs.map((_, i) => i));
  return places.slice(0, evaluationPrompts).sort((a, b) => a - b)
    .map((place) => pairs[place] as TokenizedPair);
}
