import { loadEngine } from "../engine/tensorflow.ts";
import type { ModelConfig } from "./config.ts";
import { withAdapterTemplate } from "./io/adapter_template.ts";
import { openModel, type OpenModelOptions } from "./io/load.ts";
import type { ModelFiles } from "./io/model_files.ts";
import { loadLoraAdapter, type LoraAdapterFile, loraTensorName } from "./io/peft.ts";
import type { HostTensor } from "./io/safetensors_writer.ts";
import { LanguageModel } from "./language_model.ts";
import { buildLora, exportLora, type LoraConfig, type LoraLayers } from "./lora.ts";
import { loadParameters } from "./parameters.ts";

/** A model in memory and the files it came from. */
export interface LoadedModel {
  /** Where it came from: config, weights, tokenizer. */
  readonly files: ModelFiles;
  /** The model, on the device. */
  readonly model: LanguageModel;
}

/**
 * Loads the engine and a model, with a PEFT adapter if given, and the chat template beside it.
 *
 * @param spec folder, `.gguf` file or hub id
 * @throws UserError naming the file, tensor or field that is wrong
 */
export async function loadPolicy(
  spec: string,
  adapter?: string,
  options: OpenModelOptions = {},
): Promise<LoadedModel> {
  const files = withAdapterTemplate(await openModel(spec, options), adapter);
  const file = adapter === undefined ? undefined : await loadLoraAdapter(adapter, files.config);
  await loadEngine();
  const parameters = await loadParameters(files.config, files.weights);
  const lora = file === undefined ? undefined : adapterLayers(files.config, file);
  return { files, model: new LanguageModel(files.config, parameters, lora) };
}

/** Adapters on the device from a PEFT file's values. */
export function adapterLayers(
  config: ModelConfig,
  file: LoraAdapterFile,
): { config: LoraConfig; layers: LoraLayers } {
  const lora: LoraConfig = {
    rank: file.rank,
    alpha: file.alpha,
    dropout: file.dropout,
    targetModules: file.targetModules,
  };
  const layers = buildLora(config, lora, (layer, block) => {
    const part = (name: "A" | "B") =>
      (file.tensors.get(loraTensorName(config, layer, block.module, name)) as HostTensor).data;
    return { a: part("A"), b: part("B") };
  });
  return { config: lora, layers };
}

/** A model's adapters as a PEFT file. @throws Error if the model has none. */
export async function adapterFile(
  model: LanguageModel,
  baseModel: string,
): Promise<LoraAdapterFile> {
  const { loraConfig, lora, config } = model;
  if (loraConfig === undefined || lora === undefined) throw new Error("the model has no adapters");
  const tensors = new Map<string, HostTensor>();
  for (const { layer, block, a, b } of await exportLora(config, loraConfig, lora)) {
    const { rank } = loraConfig;
    const name = (part: "A" | "B") => loraTensorName(config, layer, block.module, part);
    tensors.set(name("A"), { shape: [rank, block.inputs], data: a });
    tensors.set(name("B"), { shape: [block.width, rank], data: b });
  }
  return { ...loraConfig, baseModel, tensors };
}
