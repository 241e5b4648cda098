/** What the suite writes for `deno task parity` to read with Python: `write_for_python.ts KIND DIR`. */
import { join } from "node:path";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import type { LanguageModel } from "../../lib/policy/language_model.ts";
import { adapterFile } from "../../lib/policy/load_policy.ts";
import { loraModules } from "../../lib/policy/lora.ts";
import { exportParameters } from "../../lib/policy/parameters.ts";
import { saveLoraAdapter } from "../../lib/policy/io/peft.ts";
import { saveModelFolder } from "../../lib/policy/io/save.ts";
import { sequenceLogps } from "../../lib/policy/sequence_logps.ts";
import { groupOf, type TrainingPair } from "../../lib/training/update.ts";
import {
  loadTiny,
  readReference,
  type ReferencePair,
  tokenizedPair,
  valuesFolder,
  withHashedLora,
} from "../../tests/parity/references.ts";
import { takeSteps, trajectoryConfig, withReference } from "../../tests/parity/trajectory.ts";
import { copyFolder } from "./files.ts";
import { writeArchitectureAdapters } from "./write_architecture_adapters.ts";
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
  const adapter = { rank: 4, alpha: 8, dropout: 0, targetModules: loraModules(base.config) };
  const model = withHashedLora(base, adapter, 0.25);
  await takeSteps(model, pairs, trajectoryConfig({ steps: 3, learningRate: 2e-2 }));
  await Deno.mkdir(join(folder, "adapter"));
  await saveLoraAdapter(join(folder, "adapter"), await adapterFile(model, "tiny_llama"));
  copyFolder(`${valuesFolder}/tiny_llama`, join(folder, "model"));
  await writeSequences(folder, model, pairs);
}

/** A model whose weights the suite trained for three steps. */
async function writeModel(folder: string): Promise<void> {
  const { model, pairs } = await start();
  await takeSteps(model, pairs, trajectoryConfig({ steps: 3, learningRate: 1e-3 }));
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
  "architecture-adapters": writeArchitectureAdapters,
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
