import type { ModelConfig } from "./config.ts";
import type { FusedSite } from "./fused_site.ts";

/** A Hugging Face projection inside a fused matrix: its columns. */
export interface Projection {
  /** Module name, for example `self_attn.q_proj`. */
  readonly module: string;
  readonly column: number;
  readonly width: number;
  /** Column, from `column`, of each of the projection's rows; absent where they follow each other. */
  readonly order?: Int32Array;
}

/** The projections of each fused matrix, and its number of input rows. */
export type FusedProjections = Readonly<
  Record<FusedSite, { readonly inputs: number; readonly projections: readonly Projection[] }>
>;

/** Which projections stand in which columns of each fused matrix. */
export function fusedProjections(config: ModelConfig): FusedProjections {
  const { heads, kvHeads, headDim, hiddenSize: d, intermediateSize: f } = config;
  const q = heads * headDim, kv = kvHeads * headDim;
  const whole = (inputs: number, module: string, width: number) => ({
    inputs,
    projections: [{ module, column: 0, width }],
  });
  if (config.architecture === "gpt_neox") {
    const module = "attention.query_key_value";
    return {
      qkv: {
        inputs: d,
        projections: [{ module, column: 0, width: 3 * q, order: neoxOrder(config) }],
      },
      attentionOut: whole(q, "attention.dense", d),
      gateUp: whole(d, "mlp.dense_h_to_4h", f),
      down: whole(f, "mlp.dense_4h_to_h", d),
    };
  }
  return {
    qkv: {
      inputs: d,
      projections: [
        { module: "self_attn.q_proj", column: 0, width: q },
        { module: "self_attn.k_proj", column: q, width: kv },
        { module: "self_attn.v_proj", column: q + kv, width: kv },
      ],
    },
    attentionOut: whole(q, "self_attn.o_proj", d),
    gateUp: {
      inputs: d,
      projections: [
        { module: "mlp.gate_proj", column: 0, width: f },
        { module: "mlp.up_proj", column: f, width: f },
      ],
    },
    down: whole(f, "mlp.down_proj", d),
  };
}

/**
 * GPT-NeoX holds query, key and value of head 0, then of head 1, and so on. Here all queries come
 * first, then keys, then values; and of a head that rotates its first r components in pairs
 * (i, i + r/2), component i + r/2 goes to headDim/2 + i, where the rotation of whole heads finds it.
 * Queries and keys move alike, so their products stay.
 */
function neoxOrder({ heads, headDim, rotaryDim = headDim }: ModelConfig): Int32Array {
  const place = rotaryOrder(headDim, rotaryDim);
  const order = new Int32Array(3 * heads * headDim);
  for (let head = 0; head < heads; head++) {
    for (let part = 0; part < 3; part++) {
      for (let i = 0; i < headDim; i++) {
        const within = part < 2 ? place[i] as number : i;
        order[(head * 3 + part) * headDim + i] = (part * heads + head) * headDim + within;
      }
    }
  }
  return order;
}

/** Place of each component of a head, of which the first `rotaryDim` rotate. */
function rotaryOrder(headDim: number, rotaryDim: number): Int32Array {
  const half = headDim / 2, turning = rotaryDim / 2;
  const free = Array.from({ length: headDim }, (_, i) => i).filter((i) => i % half >= turning);
  return Int32Array.from({ length: headDim }, (_, i) => {
    if (i < turning) return i;
    return i < rotaryDim ? half + i - turning : free[i - rotaryDim] as number;
  });
}
