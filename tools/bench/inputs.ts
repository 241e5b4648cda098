/**
 * Writes what a case's two workers read: `inputs.ts CASE FOLDER [--quick]`. A process of its own, so
 * that making inputs is in no worker's memory.
 */
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { LanguageModel } from "../../lib/policy/language_model.ts";
import type { ModelConfig } from "../../lib/policy/config.ts";
import { openModel } from "../../lib/policy/io/load.ts";
import { saveLoraAdapter } from "../../lib/policy/io/peft.ts";
import { saveModelFolder } from "../../lib/policy/io/save.ts";
import { adapterFile } from "../../lib/policy/load_policy.ts";
import { buildLora, loraModules } from "../../lib/policy/lora.ts";
import { exportParameters, loadParameters, randomParameters } from "../../lib/policy/parameters.ts";
import { openModelFolder } from "./model_folder.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { isFile } from "../setup/process.ts";
import { testModel } from "../parity/context.ts";
import { BETA, LORA_ALPHA_PER_RANK, type PairShape, STEP_PAIRS, type Workload } from "./cases.ts";
import type { InputPair, Inputs } from "./protocol.ts";
import { QUESTIONS } from "./questions.ts";

/** Folder of SmolLM2's weights as safetensors, made once. */
async function smollm2Folder(root: string): Promise<string> {
  const folder = `${root}/smollm2`;
  if (isFile(`${folder}/config.json`)) return folder;
  const files = await openModel(testModel());
  const parameters = await loadParameters(files.config, files.weights);
  const tensors = await exportParameters(files.config, parameters);
  await Deno.mkdir(folder, { recursive: true });
  await saveModelFolder(folder, files.config, tensors, files.sourceFiles);
  return folder;
}

async function randomFolder(folder: string, config: ModelConfig): Promise<string> {
  await Deno.mkdir(folder, { recursive: true });
  const tensors = await exportParameters(config, randomParameters(config, 1));
  await saveModelFolder(folder, config, tensors, new Map());
  return folder;
}

/** A small random adapter: B is not zero, so that every gradient is there from the first step on. */
async function writeAdapter(folder: string, model: string, rank: number): Promise<string> {
  const { config, weights } = await openModelFolder(model);
  const lora = {
    rank,
    alpha: rank * LORA_ALPHA_PER_RANK,
    dropout: 0,
    targetModules: loraModules(config),
  };
  const layers = buildLora(config, lora, (layer, block) => {
    const prng = createPrng(2, "adapter", layer, block.module);
    const draw = (size: number, scale: number) =>
      Float32Array.from({ length: size }, () => (2 * prng.uniform() - 1) * scale);
    return {
      a: draw(rank * block.inputs, 1 / Math.sqrt(block.inputs)),
      b: draw(block.width * rank, 0.002),
    };
  });
  const adapted = new LanguageModel(config, await loadParameters(config, weights), {
    config: lora,
    layers,
  });
  await saveLoraAdapter(folder, await adapterFile(adapted, model));
  return folder;
}

/** Random token ids; ids below 3 are special in most vocabularies. */
function randomPairs(shape: PairShape, vocabSize: number): InputPair[] {
  const prng = createPrng(3, "pairs");
  const ids = ([least, most]: readonly [number, number]) =>
    Array.from(
      { length: least + prng.integer(most - least + 1) },
      () => 3 + prng.integer(vocabSize - 3),
    );
  return Array.from({ length: shape.pairs }, () => ({
    prompt: ids(shape.prompt),
    chosen: ids(shape.completion),
    rejected: ids(shape.completion),
  }));
}

/** Chat prompts: greedy answers are then far from ties. */
async function chatPrompts(model: string, count: number): Promise<number[][]> {
  const { tokenizer } = await openModel(model);
  return QUESTIONS.slice(0, count).map((content) => [
    ...tokenizer.encode(
      tokenizer.applyChatTemplate([{ role: "user", content }], { addGenerationPrompt: true }),
    ),
  ]);
}

/** Writes `inputs.json` and what it names; returns its path. */
export async function writeInputs(root: string, name: string, work: Workload): Promise<string> {
  await loadEngine();
  const folder = `${root}/${name}`;
  await Deno.mkdir(folder, { recursive: true });
  const model = work.model === "smollm2"
    ? await smollm2Folder(root)
    : await randomFolder(`${folder}/model`, work.model);
  const { config } = await openModelFolder(model);
  const count = work.onPolicy?.prompts ??
    (work.generation === undefined ? 0 : work.generation.batch / work.generation.responses);
  const pairs = randomPairs(work.pairs, config.vocabSize);
  const inputs: Inputs = {
    work,
    beta: BETA,
    stepPairs: STEP_PAIRS,
    model,
    adapter: work.loraRank === 0
      ? undefined
      : await writeAdapter(`${folder}/adapter`, model, work.loraRank),
    pairs,
    prompts: count === 0
      ? []
      : work.model === "smollm2"
      ? await chatPrompts(model, count)
      : pairs.map(({ prompt }) => prompt).slice(0, count),
  };
  const path = `${folder}/inputs.json`;
  await Deno.writeTextFile(path, JSON.stringify(inputs));
  return path;
}

if (import.meta.main) {
  const [root, name, work] = Deno.args as [string, string, string];
  await writeInputs(root, name, JSON.parse(work) as Workload);
}
