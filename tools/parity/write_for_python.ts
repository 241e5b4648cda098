/** What the suite writes for `deno task parity` to read with Python: `write_for_python.ts KIND DIR`. */
import { join } from "node:path";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import type { LanguageModel } from "../../lib/policy/language_model.ts";
import { exportLora } from "../../lib/policy/lora.ts";
import { exportParameters } from "../../lib/policy/parameters.ts";
import { loraTensorName, saveLoraAdapter } from "../../lib/policy/io/peft.ts";
import { saveModelFolder } from "../../lib/policy/io/save.ts";
import type { HostTensor } from "../../lib/policy/io/safetensors_writer.ts";
import { sequenceLogps } from "../../lib/policy/sequence_logps.ts";
import { groupOf, type TrainingPair } from "../../lib/training/update.ts";
import {
  loadTiny,
  readReference,
  type ReferencePair,
  tokenizedPair,
  valuesFolder,
  withAdapter,
} from "../../tests/parity/references.ts";
import { takeSteps, trajectoryConfig, withReference } from "../../tests/parity/trajectory.ts";
import { copyFolder } from "./files.ts";
import { writeGeneratedPairs } from "./write_generated_pairs.ts";

/** The tiny checkpoint and 24 pairs. */
async function start() {
  const model = await loadTiny("tiny_llama");
  const { pairs } = await readReference<{ pairs: ReferencePair[] }>("tiny_pairs");
  return { model, pairs: await withReference(model, pairs.slice(0, 24).map(tokenizedPair)) };
}

/** `sequences.json`: ids and the suite's log-probabilities of the first pairs. */
async function writeSequences(folder: string, model: LanguageModel, pairs: TrainingPair[]) {
  const seen = pairs.slice(0, 4);
  const logps = await sequenceLogps(model, seen.map(groupOf));
  const rows = seen.flatMap(({ promptIds, chosenIds, rejectedIds }, i) =>
    [chosenIds, rejectedIds].map((completion, side) => ({
      prompt: [...promptIds],
      completion: [...completion],
      logp: logps[i]![side]!,
    }))
  );
  await Deno.writeTextFile(join(folder, "sequences.json"), JSON.stringify(rows));
}

/** An adapter that the suite trained for three steps. */
async function writeAdapter(folder: string): Promise<void> {
  const { model: base, pairs } = await start();
  const model = await withAdapter(base, "tiny_lora_initial");
  await takeSteps(model, pairs, trajectoryConfig({ stepsPerIteration: 3, learningRate: 2e-2 }));
  const config = model.loraConfig!;
  const tensors = new Map<string, HostTensor>();
  for (const { layer, block, a, b } of await exportLora(model.config, config, model.lora!)) {
    const target = block.module.split(".").at(-1)!;
    const { rank } = config;
    tensors.set(loraTensorName(layer, target, "A"), { shape: [rank, block.inputs], data: a });
    tensors.set(loraTensorName(layer, target, "B"), { shape: [block.width, rank], data: b });
  }
  await saveLoraAdapter(join(folder, "adapter"), { ...config, baseModel: "tiny_llama", tensors });
  copyFolder(`${valuesFolder}/tiny_llama`, join(folder, "model"));
  await writeSequences(folder, model, pairs);
}

/** A model whose weights the suite trained for three steps. */
async function writeModel(folder: string): Promise<void> {
  const { model, pairs } = await start();
  await takeSteps(model, pairs, trajectoryConfig({ stepsPerIteration: 3, learningRate: 1e-3 }));
  const source = await Deno.readFile(`${valuesFolder}/tiny_llama/config.json`);
  await saveModelFolder(
    join(folder, "model"),
    model.config,
    await exportParameters(model.config, model.base),
    new Map([["config.json", source]]),
  );
  await writeSequences(folder, model, pairs);
}

const WRITERS: Record<string, (folder: string) => Promise<void>> = {
  "adapter": writeAdapter,
  "saved-model": writeModel,
  "generated-pairs": writeGeneratedPairs,
};

const [kind, folder] = Deno.args;
const write = WRITERS[kind ?? ""];
if (write === undefined || folder === undefined) {
  throw new Error(`usage: write_for_python.ts ${Object.keys(WRITERS).join("|")} DIR`);
}
await Deno.mkdir(folder, { recursive: true });
await loadEngine();
await write(folder);
