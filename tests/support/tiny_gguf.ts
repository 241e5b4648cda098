import { GGUFValueType, serializeGgufMetadata } from "@huggingface/gguf";
import type { HostTensor } from "../../lib/policy/io/safetensors_writer.ts";
import { TINY_CONFIG, tinyTensors, tinyTokenizerFiles } from "./tiny_model.ts";

type Json = Record<string, unknown>;

/** The tiny tokenizer as GGUF metadata. */
export function tinyGgufTokenizerMetadata(): Json {
  const { tokenizer, tokenizerConfig } = tinyTokenizerFiles() as Record<string, Json>;
  const { vocab, merges } = tokenizer!.model as { vocab: Json; merges: string[] };
  const tokens = Object.keys(vocab).sort((a, b) => Number(vocab[a]) - Number(vocab[b]));
  return {
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "gpt-2",
    "tokenizer.ggml.tokens": tokens,
    "tokenizer.ggml.token_type": tokens.map((_, id) => id < 3 ? 3 : 1),
    "tokenizer.ggml.merges": merges,
    "tokenizer.ggml.bos_token_id": 1,
    "tokenizer.ggml.eos_token_id": 2,
    "tokenizer.ggml.padding_token_id": 0,
    "tokenizer.chat_template": tokenizerConfig!.chat_template,
  };
}

/** Metadata of the tiny model. */
export function tinyGgufMetadata(): Json {
  const config = TINY_CONFIG;
  return {
    "general.architecture": "llama",
    "llama.block_count": config.layers,
    "llama.context_length": config.maxPositions,
    "llama.embedding_length": config.hiddenSize,
    "llama.feed_forward_length": config.intermediateSize,
    "llama.attention.head_count": config.heads,
    "llama.attention.head_count_kv": config.kvHeads,
    "llama.rope.freq_base": config.ropeTheta,
    "llama.rope.dimension_count": config.headDim,
    "llama.attention.layer_norm_rms_epsilon": config.rmsNormEps,
    ...tinyGgufTokenizerMetadata(),
  };
}

/** One row of a tensor table, as it is written: nothing is checked. */
export interface RawTensor {
  name: string;
  /** ggml's order: the row's width first. */
  dims: bigint[];
  type: number;
  offset: bigint;
}

function typed(value: unknown): { value: unknown; type: GGUFValueType; subType?: GGUFValueType } {
  if (Array.isArray(value)) {
    return { value, type: GGUFValueType.ARRAY, subType: typed(value[0]).type };
  }
  if (typeof value === "string") return { value, type: GGUFValueType.STRING };
  if (typeof value === "boolean") return { value, type: GGUFValueType.BOOL };
  const isInteger = Number.isInteger(value);
  return { value, type: isInteger ? GGUFValueType.UINT32 : GGUFValueType.FLOAT32 };
}

/** The bytes of a GGUF file from metadata, a tensor table and data. */
export function ggufBytes(metadata: Json, table: RawTensor[], data: Uint8Array): Uint8Array {
  const entries = Object.entries(metadata).filter(([, value]) => value !== undefined);
  const header = serializeGgufMetadata(
    {
      version: { value: 3, type: GGUFValueType.UINT32 },
      tensor_count: { value: BigInt(table.length), type: GGUFValueType.UINT64 },
      kv_count: { value: BigInt(entries.length), type: GGUFValueType.UINT64 },
      ...Object.fromEntries(entries.map(([key, value]) => [key, typed(value)])),
    } as unknown as Parameters<typeof serializeGgufMetadata>[0],
    { alignment: 1 },
  );
  const rows = table.map(({ name, dims, type, offset }) => {
    const text = new TextEncoder().encode(name);
    const row = new Uint8Array(8 + text.length + 4 + 8 * dims.length + 4 + 8);
    const view = new DataView(row.buffer);
    view.setBigUint64(0, BigInt(text.length), true);
    row.set(text, 8);
    let at = 8 + text.length;
    view.setUint32(at, dims.length, true);
    for (const dim of dims) view.setBigUint64(at += at === 8 + text.length ? 4 : 8, dim, true);
    at += dims.length === 0 ? 4 : 8;
    view.setUint32(at, type, true);
    view.setBigUint64(at + 4, offset, true);
    return row;
  });
  const length = header.length + rows.reduce((sum, row) => sum + row.length, 0);
  const out = new Uint8Array(Math.ceil(length / 32) * 32 + data.length);
  let at = 0;
  for (const part of [header, ...rows]) {
    out.set(part, at);
    at += part.length;
  }
  out.set(data, out.length - data.length);
  return out;
}

const NAMES: readonly [RegExp, string][] = [
  [/^model\.embed_tokens/, "token_embd"],
  [/^model\.norm/, "output_norm"],
  [/^lm_head/, "output"],
  [/^model\.layers\.(\d+)\.input_layernorm/, "blk.$1.attn_norm"],
  [/^model\.layers\.(\d+)\.post_attention_layernorm/, "blk.$1.ffn_norm"],
  [/^model\.layers\.(\d+)\.self_attn\.o_proj/, "blk.$1.attn_output"],
  [/^model\.layers\.(\d+)\.self_attn\.(\w)_proj/, "blk.$1.attn_$2"],
  [/^model\.layers\.(\d+)\.mlp\.(\w+)_proj/, "blk.$1.ffn_$2"],
];

/** llama.cpp's converter: rows of each head from (half, pair) to (pair, half). */
function permute({ shape, data }: HostTensor, heads: number): Float32Array {
  const [rows, width] = shape as [number, number];
  const pairs = rows / heads / 2;
  const out = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    const [head, half, pair] = [
      Math.floor(row / (2 * pairs)),
      Math.floor(row / pairs) % 2,
      row % pairs,
    ];
    const to = head * 2 * pairs + 2 * pair + half;
    out.set(data.subarray(row * width, (row + 1) * width), to * width);
  }
  return out;
}

/** Tensor table and data (F32) of the tiny model as llama.cpp would convert it. */
export function tinyGgufTensors(seed: number): { table: RawTensor[]; data: Uint8Array } {
  const table: RawTensor[] = [];
  const parts: Float32Array[] = [];
  let offset = 0;
  for (const [name, tensor] of tinyTensors(TINY_CONFIG, seed)) {
    const [pattern, replacement] = NAMES.find(([pattern]) => pattern.test(name))!;
    const heads = /q_proj/.test(name)
      ? TINY_CONFIG.heads
      : /k_proj/.test(name)
      ? TINY_CONFIG.kvHeads
      : 0;
    const values = heads > 0 ? permute(tensor, heads) : tensor.data;
    table.push({
      name: name.replace(pattern, replacement),
      dims: tensor.shape.map(BigInt).reverse(),
      type: 0,
      offset: BigInt(offset),
    });
    parts.push(values);
    offset += values.byteLength;
  }
  const data = new Uint8Array(offset);
  let at = 0;
  for (const part of parts) {
    data.set(new Uint8Array(part.buffer), at);
    at += part.byteLength;
  }
  return { table, data };
}
