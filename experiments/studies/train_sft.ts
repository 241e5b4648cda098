import { sampleSentences, splitPrompts } from "../../lib/data/world/mod.ts";
import { LanguageModel } from "../../lib/policy/language_model.ts";
import { randomParameters } from "../../lib/policy/parameters.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { DEFAULT_ADAMW } from "../../lib/training/adamw.ts";
import { trainSupervised } from "../../lib/training/supervised.ts";
import type { RunSpec } from "./run_config.ts";
import { worldModelConfig } from "./world_model.ts";

/** Packed rows of one pass: a whole batch of these small models fits. */
export const MAX_ROWS = 16_384;

/** A trained SFT model and the loss of every step, nats a token. */
export interface TrainedSft {
  readonly model: LanguageModel;
  readonly losses: readonly number[];
}

/** Trains the SFT model on the writer's sentences to the training prompts. */
export async function trainSft(spec: RunSpec): Promise<TrainedSft> {
  const { seed, sft, world } = spec;
  const { train } = splitPrompts(seed, world.heldOutPrompts);
  const prng = createPrng(seed, "sft", "sentences");
  const examples = sampleSentences(train, sft.sentences, prng, world.clauses)
    .map(({ promptIds, responseIds }) => ({ promptIds, completionIds: responseIds }));
  const config = worldModelConfig(spec);
  const initSeed = createPrng(seed, "sft", "init").seed32();
  const model = new LanguageModel(config, randomParameters(config, initSeed));
  const losses = await trainSupervised(model, examples, {
    schedule: {
      name: "cosine",
      peak: sft.learningRate,
      warmupSteps: Math.round(sft.steps / 20),
      totalSteps: sft.steps,
    },
    steps: sft.steps,
    batch: sft.batch,
    optimiser: DEFAULT_ADAMW,
    maxRows: MAX_ROWS,
  }, createPrng(seed, "sft", "order").seed32());
  return { model, losses };
}
