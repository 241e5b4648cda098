import { join } from "node:path";
import type { ModelConfig } from "../../lib/policy/config.ts";
import { toHfConfig } from "../../lib/policy/io/hf_config.ts";
import { expectedTensors } from "../../lib/policy/io/tensor_table.ts";
import { type HostTensor, writeSafetensors } from "../../lib/policy/io/safetensors_writer.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { byteLevelAlphabet } from "./byte_level.ts";

/** Token ids of the tiny tokenizer's special tokens. `end` is its end-of-sequence token. */
export const TINY_TOKENS = { pad: 0, start: 1, end: 2 } as const;

const SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];
const MERGES = ["Ġ t", "h e", "Ġt he", "i n", "a n", "e r", "r e", "o n", "Ġ a", "l l", "o u"];

/** Size of the tiny tokenizer's vocabulary: 3 special tokens, 256 bytes, 11 merges. */
export const TINY_VOCAB_SIZE = SPECIALS.length + 256 + MERGES.length;

const CHAT_TEMPLATE = "{% for message in messages %}" +
  "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/** The tiny model: 2 layers, width 16, two query heads that share one key head. */
export const TINY_CONFIG: ModelConfig = {
  vocabSize: TINY_VOCAB_SIZE,
  hiddenSize: 16,
  intermediateSize: 32,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headDim: 8,
  ropeTheta: 10000,
  rmsNormEps: 1e-5,
  maxPositions: 128,
  tieEmbeddings: true,
};

/** Random weights that give clearly uneven predictions (logits with a spread of about 1). */
export function tinyTensors(config: ModelConfig, seed: number): Map<string, HostTensor> {
  const tensors = new Map<string, HostTensor>();
  for (const [name, shape] of expectedTensors(config)) {
    const prng = createPrng(seed, "tiny-model", name);
    const isVector = shape.length === 1, isNorm = isVector && name.endsWith(".weight");
    const isTable = /embed_(tokens|in)\.weight$/.test(name);
    const scale = isVector ? 0.1 : isTable ? 0.3 : 1 / Math.sqrt(shape[1]!);
    const size = shape.reduce((product, n) => product * n, 1);
    const data = new Float32Array(size);
    for (let i = 0; i < size; i++) data[i] = (isNorm ? 1 : 0) + scale * prng.normal();
    tensors.set(name, { shape, data });
  }
  return tensors;
}

/** `tokenizer.json` and `tokenizer_config.json` of the tiny byte-level BPE tokenizer. */
export function tinyTokenizerFiles(): { tokenizer: unknown; tokenizerConfig: unknown } {
  const pieces = [
    ...SPECIALS,
    ...byteLevelAlphabet(),
    ...MERGES.map((merge) => merge.replace(" ", "")),
  ];
  return {
    tokenizer: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: SPECIALS.map((content, id) => ({
        id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      })),
      normalizer: null,
      pre_tokenizer: {
        type: "ByteLevel",
        add_prefix_space: false,
        trim_offsets: true,
        use_regex: true,
      },
      post_processor: null,
      decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: {
        type: "BPE",
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: "",
        end_of_word_suffix: "",
        fuse_unk: false,
        byte_fallback: false,
        vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
        merges: MERGES,
      },
    },
    tokenizerConfig: {
      tokenizer_class: "PreTrainedTokenizerFast",
      bos_token: "<|im_start|>",
      eos_token: "<|im_end|>",
      pad_token: "<|endoftext|>",
      clean_up_tokenization_spaces: false,
      model_max_length: 128,
      chat_template: CHAT_TEMPLATE,
    },
  };
}

/**
 * Writes a tiny random model as a Hugging Face folder that this project and transformers load:
 * config.json, model.safetensors, tokenizer.json, tokenizer_config.json. Equal seeds give equal
 * bytes. Returns the model's configuration.
 */
export async function makeTinyModelFolder(
  dir: string,
  options: { seed: number; config?: Partial<ModelConfig> },
): Promise<ModelConfig> {
  const config = { ...TINY_CONFIG, ...options.config };
  await Deno.mkdir(dir, { recursive: true });
  const { tokenizer, tokenizerConfig } = tinyTokenizerFiles();
  const json = (name: string, value: unknown) =>
    Deno.writeTextFile(join(dir, name), JSON.stringify(value, null, 2) + "\n");
  await json("tokenizer.json", tokenizer);
  await json("tokenizer_config.json", tokenizerConfig);
  await json("config.json", {
    ...toHfConfig(config),
    bos_token_id: TINY_TOKENS.start,
    eos_token_id: TINY_TOKENS.end,
    pad_token_id: TINY_TOKENS.pad,
  });
  await writeSafetensors(join(dir, "model.safetensors"), tinyTensors(config, options.seed));
  return config;
}
