import { LanguageModel } from "../../policy/language_model.ts";
import { randomParameters } from "../../policy/parameters.ts";
import { createPrng } from "../../random/prng.ts";
import { DEFAULT_ADAMW } from "../../training/adamw.ts";
import { trainSupervised } from "../../training/supervised.ts";
import type { SmallLanguageSetting } from "./setting.ts";
import { sampleSentences, splitPrompts } from "./world/mod.ts";
import { worldModelConfig } from "./world_model.ts";

/** Packed rows of one pass: a whole batch of these small models fits. */
export const MAX_ROWS = 16_384;

/** A trained SFT model and the loss of every step, nats per token. */
export interface TrainedSft {
  readonly model: LanguageModel;
  readonly losses: readonly number[];
}

/** Trains the SFT model on the writer's sentences to the training prompts. */
export async function trainSft(setting: SmallLanguageSetting, seed: number): Promise<TrainedSft> {
  const { heldOutPrompts, clauses, sftSentences, sftSteps, sftBatch, sftLearningRate } = setting;
  const { train } = splitPrompts(seed, heldOutPrompts);
  const prng = createPrng(seed, "sft", "sentences");
  const examples = sampleSentences(train, sftSentences, prng, clauses)
    .map(({ promptIds, responseIds }) => ({ promptIds, completionIds: responseIds }));
  const config = worldModelConfig(setting);
  const initSeed = createPrng(seed, "sft", "init").seed32();
  const model = new LanguageModel(config, randomParameters(config, initSeed));
  const losses = await trainSupervised(model, examples, {
    schedule: {
      name: "cosine",
      peak: sftLearningRate,
      warmupSteps: Math.round(sftSteps / 20),
      totalSteps: sftSteps,
    },
    steps: sftSteps,
    batch: sftBatch,
    optimiser: DEFAULT_ADAMW,
    maxRows: MAX_ROWS,
  }, createPrng(seed, "sft", "order").seed32());
  return { model, losses };
}
