/** llama.cpp's names of the tensors outside the layers. */
const GLOBAL: Readonly<Record<string, string>> = {
  "token_embd.weight": "model.embed_tokens.weight",
  "output_norm.weight": "model.norm.weight",
  "output.weight": "lm_head.weight",
};

/** llama.cpp's names of the tensors of a layer, after `blk.N.`. */
const LAYER: Readonly<Record<string, string>> = {
  "attn_norm.weight": "input_layernorm.weight",
  "attn_q.weight": "self_attn.q_proj.weight",
  "attn_k.weight": "self_attn.k_proj.weight",
  "attn_v.weight": "self_attn.v_proj.weight",
  "attn_output.weight": "self_attn.o_proj.weight",
  "ffn_norm.weight": "post_attention_layernorm.weight",
  "ffn_gate.weight": "mlp.gate_proj.weight",
  "ffn_up.weight": "mlp.up_proj.weight",
  "ffn_down.weight": "mlp.down_proj.weight",
};

/** Hugging Face's name for a tensor of a llama GGUF; undefined for one a Llama model has not. */
export function hfTensorName(ggufName: string): string | undefined {
  const match = /^blk\.(0|[1-9]\d{0,5})\.(.+)$/.exec(ggufName);
  const table = match === null ? GLOBAL : LAYER;
  const key = match === null ? ggufName : match[2]!;
  if (!Object.hasOwn(table, key)) return undefined;
  return match === null ? table[key] : `model.layers.${Number(match[1])}.${table[key]}`;
}

/**
 * Undoes llama.cpp's reordering of query and key rows.
 *
 * Hugging Face rotates dimension i of a head with dimension i + headDim / 2; llama.cpp rotates
 * neighbours, so its converter moved the rows of each head from (half, pair) to (pair, half).
 *
 * @param data [heads * headDim, width], row-major
 */
export function unpermuteHeads(data: Float32Array, heads: number, width: number): Float32Array {
  const headDim = data.length / (heads * width);
  const pairs = headDim / 2;
  const out = new Float32Array(data.length);
  for (let head = 0; head < heads; head++) {
    for (let pair = 0; pair < pairs; pair++) {
      for (let half = 0; half < 2; half++) {
        const from = (head * headDim + 2 * pair + half) * width;
        const to = (head * headDim + half * pairs + pair) * width;
        out.set(data.subarray(from, from + width), to);
      }
    }
  }
  return out;
}
