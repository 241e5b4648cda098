import { createHash } from "node:crypto";
import { messageOf, UserError } from "../../errors.ts";
import { createHfTokenizer } from "../../text/hf_tokenizer.ts";
import { tokenizerFilesFromGguf } from "../../text/gguf_tokenizer.ts";
import type { TextTokenizer } from "../../text/tokenizer.ts";
import { fileSha256 } from "./file_hash.ts";
import { openGguf } from "./gguf.ts";
import { type HfFolder, openHfFolder, openHfTokenizer } from "./hf_folder.ts";
import { downloadModel, type DownloadProgress, isHubId } from "./hub.ts";
import type { ModelFiles } from "./model_files.ts";
import { modelWeights } from "./validated_weights.ts";

export type { ModelFiles } from "./model_files.ts";

/** Options of `openModel`. */
export interface OpenModelOptions {
  /** Called while files of a hub model are downloaded. */
  readonly onDownload?: (progress: DownloadProgress) => void;
}

/**
 * Opens a model: a Hugging Face folder, a `.gguf` file, or a hub id `owner/name[@revision]`.
 *
 * Configuration, tensor names and shapes, and tokenizer are checked now; weights are read when
 * asked for. Throws `UserError` naming the file, tensor or field that is wrong.
 */
export async function openModel(spec: string, options: OpenModelOptions = {}): Promise<ModelFiles> {
  const info = await Deno.stat(spec).catch((error) => {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw new UserError(`${spec}: cannot be read (${messageOf(error)})`);
  });
  if (info?.isDirectory) return await finish(await openHfFolder(spec), spec);
  if (info?.isFile) {
    if (!spec.toLowerCase().endsWith(".gguf")) {
      throw new UserError(`${spec}: is neither a .gguf file nor a folder with config.json`);
    }
    return await finish(await openGgufModel(spec), spec);
  }
  if (!isHubId(spec)) {
    throw new UserError(`${spec}: does not exist (a folder, a .gguf file or a hub id owner/name)`);
  }
  const { folder, origin } = await downloadModel(spec, { onProgress: options.onDownload });
  return await finish(await openHfFolder(folder), origin);
}

/**
 * A model's tokenizer alone: a folder needs no weights for it, and of a hub model none are fetched.
 * Throws as `openModel`.
 */
export async function openTokenizer(
  spec: string,
  options: OpenModelOptions = {},
): Promise<TextTokenizer> {
  const info = await Deno.stat(spec).catch(() => undefined);
  if (info?.isDirectory) return await openHfTokenizer(spec);
  if (info !== undefined || !isHubId(spec)) return (await openModel(spec)).tokenizer;
  const { folder } = await downloadModel(spec, { onProgress: options.onDownload, weights: false });
  return await openHfTokenizer(folder);
}

async function openGgufModel(path: string): Promise<HfFolder> {
  const { config, weights, metadata } = await openGguf(path);
  const { tokenizer, tokenizerConfig } = tokenizerFilesFromGguf(metadata, path);
  const id = (name: string): number | undefined => {
    const key = `tokenizer.ggml.${name}_token_id`;
    if (metadata[key] === undefined) return undefined;
    const value = Number(metadata[key]);
    if (Number.isInteger(value) && value >= 0 && value < config.vocabSize) return value;
    throw new UserError(`${path}: ${key} ${metadata[key]} is outside the vocabulary`);
  };
  const [bos, eos, eot, padding] = ["bos", "eos", "eot", "padding"].map(id);
  const eosTokenIds = [eos, eot].filter((value) => value !== undefined);
  const encode = (value: unknown) =>
    new TextEncoder().encode(JSON.stringify(value, null, 2) + "\n");
  return {
    config,
    weights,
    tokenizer: createHfTokenizer({ origin: path, tokenizer, tokenizerConfig, eosTokenIds }),
    sourceFiles: new Map([
      ["config.json", encode({ bos_token_id: bos, eos_token_id: eos, pad_token_id: padding })],
      ["generation_config.json", encode({ bos_token_id: bos, eos_token_id: eosTokenIds })],
      ["tokenizer.json", encode(tokenizer)],
      ["tokenizer_config.json", encode(tokenizerConfig)],
    ]),
  };
}

async function finish(opened: HfFolder, origin: string): Promise<ModelFiles> {
  const { config, tokenizer, sourceFiles } = opened;
  const weights = modelWeights(config, opened.weights);
  if (tokenizer.vocabSize > config.vocabSize) {
    throw new UserError(
      `${origin}: the tokenizer has ${tokenizer.vocabSize} tokens, the model only ${config.vocabSize}`,
    );
  }
  const outside = tokenizer.stopTokenIds.find((id) => !(id >= 0 && id < config.vocabSize));
  if (outside !== undefined) {
    throw new UserError(
      `${origin}: end-of-sequence token ${outside} is outside the vocabulary of ${config.vocabSize}`,
    );
  }
  const hash = createHash("sha256").update(JSON.stringify(config));
  for (const path of weights.paths) hash.update(await fileSha256(path));
  return { config, weights, tokenizer, sourceFiles, origin, fingerprint: hash.digest("hex") };
}
