import { createHash } from "node:crypto";
import { join } from "node:path";
import { UserError } from "../../errors.ts";
import type { TextTokenizer } from "../../text/tokenizer.ts";
import type { ModelConfig } from "../config.ts";
import type { WeightSource } from "../weights.ts";
import { fileSha256 } from "./file_hash.ts";
import { readJsonObject } from "./files.ts";
import { parseHfConfig } from "./hf_config.ts";
import { openHfTokenizer } from "./hf_folder.ts";
import { openSafetensorsFolder } from "./safetensors.ts";
import { finiteWeights, modelWeights } from "./validated_weights.ts";

const HEAD = "score.weight";
const ARCHITECTURE = "LlamaForSequenceClassification";

/** A reward model's folder, opened: a language model without its output projection, and a score. */
export interface RewardFolder {
  readonly config: ModelConfig;
  readonly weights: WeightSource;
  /** [D], of a hidden state. */
  readonly score: Float32Array;
  /** Trailing tokens of this id are no part of a text; undefined for none. */
  readonly padTokenId: number | undefined;
  readonly tokenizer: TextTokenizer;
  /** SHA-256 of configuration and weights. */
  readonly fingerprint: string;
}

/**
 * Opens a Hugging Face folder of a `LlamaForSequenceClassification` with one label: what TRL's
 * `RewardTrainer` writes.
 *
 * @throws {UserError} naming the file, field or tensor that is wrong
 */
export async function openRewardFolder(folder: string): Promise<RewardFolder> {
  const path = join(folder, "config.json");
  const json = await readJsonObject(path);
  const [architecture] = Array.isArray(json.architectures) ? json.architectures : [];
  if (architecture !== ARCHITECTURE) {
    throw new UserError(
      `${path}: architecture ${
        JSON.stringify(architecture ?? null)
      } is no reward model that can be ` +
        `read (${ARCHITECTURE} is)`,
    );
  }
  // The backbone is a language model whose output projection nobody reads.
  const config = parseHfConfig(
    { ...json, architectures: ["LlamaForCausalLM"], tie_word_embeddings: true },
    path,
  );
  const file = await openSafetensorsFolder(folder);
  const shape = file.names.includes(HEAD) ? file.shape(HEAD) : [];
  if (shape.length !== 2 || shape[0] !== 1 || shape[1] !== config.hiddenSize) {
    throw new UserError(
      `${file.origin}: tensor "${HEAD}" is [${shape}]; a reward model's is [1,${config.hiddenSize}]`,
    );
  }
  const backbone = { ...file, names: file.names.filter((name) => name !== HEAD) };
  const hash = createHash("sha256").update(JSON.stringify(config));
  for (const shard of file.paths) hash.update(await fileSha256(shard));
  const pad = json.pad_token_id;
  return {
    ...{ config, weights: modelWeights(config, backbone) },
    score: await finiteWeights(file).read(HEAD),
    padTokenId: Number.isSafeInteger(pad) ? pad as number : undefined,
    tokenizer: await openHfTokenizer(folder),
    fingerprint: hash.digest("hex"),
  };
}
