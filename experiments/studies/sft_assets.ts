import { fingerprintJson } from "../../lib/results/fingerprint.ts";
import { type PromptSplit, splitPrompts } from "../../lib/data/world/mod.ts";
import type { Response } from "../../lib/policy/generate.ts";
import type { LanguageModel } from "../../lib/policy/language_model.ts";
import { sampleResponses } from "./preferences.ts";
import { type RunSpec, sftKey } from "./run_config.ts";
import { openSftModel } from "./sft_cache.ts";

/** What runs of one seed share: the SFT model and its samples. Not to be disposed. */
export interface SftAssets {
  readonly sft: LanguageModel;
  readonly split: PromptSplit;
  /** Samples to the held-out prompts. */
  readonly heldOutSamples: readonly (readonly Response[])[];
  /** Samples to the training prompts, which the offline pairs are made of: an even number each. */
  readonly offlineSamples: readonly (readonly Response[])[];
}

const models = new Map<string, Promise<LanguageModel>>();
const samples = new Map<string, Promise<Response[][]>>();

/** The assets of a spec, made once in this process. They hold what the spec alone decides. */
export async function sftAssets(spec: RunSpec, sftCache: string): Promise<SftAssets> {
  const { seed, world, data, evaluation } = spec;
  const split = splitPrompts(seed, world.heldOutPrompts);
  const key = sftKey(spec);
  const sft = await once(models, key, () => openSftModel(spec, sftCache));
  const draw = (prompts: PromptSplit["train"], count: number, name: string) =>
    once(
      samples,
      fingerprintJson([key, name, count]),
      () => sampleResponses(sft, prompts, count, spec, name),
    );
  const pairsPerPrompt = Math.ceil(1.1 * data.pairs / split.train.length) + 1;
  return {
    sft,
    split,
    heldOutSamples: await draw(split.heldOut, evaluation.samplesPerPrompt, "SFT evaluation"),
    offlineSamples: await draw(split.train, 2 * pairsPerPrompt, "offline pairs"),
  };
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
