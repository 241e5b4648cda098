import { fingerprintJson } from "../../files/fingerprint.ts";
import { generate, type Response } from "../../policy/generate.ts";
import type { LanguageModel } from "../../policy/language_model.ts";
import { createPrng } from "../../random/prng.ts";
import { sftKey, type SmallLanguageSetting } from "./setting.ts";
import { openSftModel } from "./sft_cache.ts";
import {
  EOS_ID,
  maxResponseTokens,
  type PromptSplit,
  sampleResponse,
  splitPrompts,
  STRONG_WRITER,
  WEAK_WRITER,
  type WorldPrompt,
} from "./world/mod.ts";

/** Sequences that one step of decoding holds. */
export const DECODE_BATCH = 1024;

/** What runs of one seed share: the SFT model and its samples. Not to be disposed. */
export interface SftAssets {
  readonly sft: LanguageModel;
  readonly split: PromptSplit;
  /** Samples to the held-out prompts. */
  readonly heldOutSamples: readonly (readonly Response[])[];
  /** Responses to the training prompts, which the offline pairs are made of: an even number each. */
  readonly offlineSamples: readonly (readonly Response[])[];
}

/** Who may have written offline pairs beside the SFT model. */
const writers = { strong: STRONG_WRITER, weak: WEAK_WRITER } as const;

const models = new Map<string, Promise<LanguageModel>>();
const samples = new Map<string, Promise<Response[][]>>();

/** The assets of a setting and seed, made once in this process; they follow from these alone. */
export async function sftAssets(
  setting: SmallLanguageSetting,
  seed: number,
  cache: string,
): Promise<SftAssets> {
  const split = splitPrompts(seed, setting.heldOutPrompts);
  const key = sftKey(setting, seed);
  const sft = await once(models, key, () => openSftModel(setting, seed, cache));
  const draw = (prompts: readonly WorldPrompt[], responses: number, name: string) =>
    once(
      samples,
      fingerprintJson([key, name, responses]),
      () =>
        generate(sft, prompts.map((prompt) => prompt.ids), {
          ...{
            responses,
            maxNewTokens: maxResponseTokens(setting.clauses),
            stopTokenIds: [EOS_ID],
          },
          ...{ seed, path: [name], batch: DECODE_BATCH, temperature: 1, topP: 1, topK: 0 },
        }),
    );
  const pairsPerPrompt = Math.ceil(1.1 * setting.pairs / split.train.length) + 1;
  return {
    sft,
    split,
    heldOutSamples: await draw(split.heldOut, setting.samplesPerPrompt, "SFT evaluation"),
    offlineSamples: await offline(
      setting,
      seed,
      split,
      2 * pairsPerPrompt,
      (responses) => draw(split.train, responses, "offline pairs"),
    ),
  };
}

/** So many responses to each training prompt, by whom the setting says. */
async function offline(
  { offlineWriter, clauses }: SmallLanguageSetting,
  seed: number,
  { train }: PromptSplit,
  responses: number,
  bySft: (responses: number) => Promise<Response[][]>,
): Promise<Response[][]> {
  const by = (name: keyof typeof writers) => {
    const prng = createPrng(seed, "offline writer", name);
    return train.map((prompt) =>
      Array.from({ length: responses }, (): Response => ({
        ids: sampleResponse(prompt, prng, clauses, writers[name]),
        finished: true,
      }))
    );
  };
  if (offlineWriter === "sft") return await bySft(responses);
  if (offlineWriter !== "mixed") return by(offlineWriter);
  const sources = [await bySft(responses), by("strong"), by("weak")];
  const prng = createPrng(seed, "offline writer", "mixed");
  return train.map((_, p) =>
    Array.from(
      { length: responses },
      (_, k) => sources[prng.integer(sources.length)]?.[p]?.[k] as Response,
    )
  );
}

function once<T>(
  known: Map<string, Promise<T>>,
  key: string,
  make: () => Promise<T>,
): Promise<T> {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}
