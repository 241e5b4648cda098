import { join } from "node:path";
import { writeSafetensors } from "../../lib/policy/io/safetensors_writer.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { makeTinyModelFolder, tinyTensors } from "./tiny_model.ts";

/**
 * Writes a tiny random reward model (`LlamaForSequenceClassification`) that this project and
 * transformers load. Equal seeds give equal bytes.
 */
export async function makeTinyRewardFolder(dir: string, seed: number): Promise<void> {
  const config = await makeTinyModelFolder(dir, { seed });
  const path = join(dir, "config.json");
  const json = JSON.parse(await Deno.readTextFile(path));
  await Deno.writeTextFile(
    path,
    JSON.stringify({
      ...json,
      architectures: ["LlamaForSequenceClassification"],
      id2label: { "0": "LABEL_0" },
      label2id: { LABEL_0: 0 },
    }),
  );
  const prng = createPrng(seed, "tiny-reward");
  const data = Float32Array.from({ length: config.hiddenSize }, () => prng.normal());
  const tensors = tinyTensors(config, seed).set("score.weight", {
    shape: [1, config.hiddenSize],
    data,
  });
  await writeSafetensors(join(dir, "model.safetensors"), tensors);
}
