/** Sampling at temperature 1, as bootstrapping does; the greedy answers are compared. */
import { generate, type GenerationOptions } from "../../../lib/policy/generate.ts";
import { GREEDY } from "../../../lib/policy/sampling.ts";
import type { GenerationShape } from "../cases.ts";
import type { Inputs } from "../protocol.ts";
import { loadModels, type Task, timed } from "./task.ts";

/** One batch of responses of fixed length in each run. */
export async function createGeneration(inputs: Inputs): Promise<Task> {
  const { policy } = await loadModels(inputs);
  const { batch, newTokens, responses } = inputs.work.generation as GenerationShape;
  const prompts = inputs.prompts.map((ids) => Int32Array.from(ids));
  const options: GenerationOptions = {
    temperature: 1,
    topP: 1,
    topK: 0,
    responses,
    maxNewTokens: newTokens,
    stopTokenIds: [],
    seed: 0,
    path: ["bench"],
    batch,
  };
  return {
    async check() {
      const answers = await generate(policy, prompts, { ...options, ...GREEDY });
      return answers.flatMap((list) => list.flatMap(({ ids }) => [...ids]));
    },
    async run() {
      const seconds = await timed(async () => {
        await generate(policy, prompts, options);
      });
      return { seconds, values: [] };
    },
  };
}
