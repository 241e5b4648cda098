import type { ModelConfig } from "./config.ts";
import type { FusedSite } from "./fused_site.ts";
import { fusedProjections, type Projection } from "./projections.ts";

/** A tensor of a checkpoint that fills a slot, or some of its columns. */
export interface SlotPart {
  /** Hugging Face's name. */
  readonly name: string;
  /** In the checkpoint: linear layers are [out, in]. */
  readonly shape: readonly number[];
  /** Where it stands; absent for a vector or table that is the whole slot. */
  readonly projection?: Projection;
}

/** One tensor of a model in memory, and the tensors of a checkpoint that it is made of. */
export interface ParameterSlot {
  /** As in `namedParameters`: `embedding`, `layers.0.qkv`. */
  readonly name: string;
  /** In memory: matrices are [in, out]. */
  readonly shape: readonly number[];
  readonly parts: readonly SlotPart[];
}

/** The embedding table's and the output projection's names in a checkpoint. */
export function tableNames(config: ModelConfig): { embedding: string; head: string } {
  return config.architecture === "gpt_neox"
    ? { embedding: "gpt_neox.embed_in.weight", head: "embed_out.weight" }
    : { embedding: "model.embed_tokens.weight", head: "lm_head.weight" };
}

/** What a layer's tensors are called before the module's name: `model.layers.0`. */
export function layerPrefix(config: ModelConfig, layer: number): string {
  return `${config.architecture === "gpt_neox" ? "gpt_neox" : "model"}.layers.${layer}`;
}

/** Every tensor of a model, in the order in which it trains. */
export function parameterSlots(config: ModelConfig): ParameterSlot[] {
  const { vocabSize: v, hiddenSize: d, headDim } = config;
  const fused = fusedProjections(config);
  const whole = (name: string, shape: number[], hfName: string): ParameterSlot => ({
    name,
    shape,
    parts: [{ name: hfName, shape }],
  });
  const norm = (name: string, hfName: string): ParameterSlot[] => [
    whole(name, [d], `${hfName}.weight`),
    ...(config.layerNorm ? [whole(`${name}Bias`, [d], `${hfName}.bias`)] : []),
  ];
  const matrix = (layer: number, site: FusedSite): ParameterSlot[] => {
    const { inputs, projections } = fused[site];
    const columns = projections.reduce((sum, { width }) => sum + width, 0);
    const prefix = layerPrefix(config, layer), name = `layers.${layer}.${site}`;
    const slot = {
      name,
      shape: [inputs, columns],
      parts: projections.map((projection) => ({
        name: `${prefix}.${projection.module}.weight`,
        shape: [projection.width, inputs],
        projection,
      })),
    };
    if (!config.biases?.includes(site)) return [slot];
    const parts = projections.map((projection) => ({
      name: `${prefix}.${projection.module}.bias`,
      shape: [projection.width],
      projection,
    }));
    return [slot, { name: `${name}Bias`, shape: [columns], parts }];
  };
  const layer = (i: number): ParameterSlot[] => {
    const prefix = layerPrefix(config, i);
    const head = (name: string, module: string) =>
      whole(`layers.${i}.${name}`, [headDim], `${prefix}.self_attn.${module}.weight`);
    return [
      ...norm(`layers.${i}.attentionNorm`, `${prefix}.input_layernorm`),
      ...matrix(i, "qkv"),
      ...(config.headNorm ? [head("queryNorm", "q_norm"), head("keyNorm", "k_norm")] : []),
      ...matrix(i, "attentionOut"),
      ...norm(`layers.${i}.mlpNorm`, `${prefix}.post_attention_layernorm`),
      ...matrix(i, "gateUp"),
      ...matrix(i, "down"),
    ];
  };
  const tables = tableNames(config);
  const final = config.architecture === "gpt_neox" ? "gpt_neox.final_layer_norm" : "model.norm";
  return [
    whole("embedding", [v, d], tables.embedding),
    ...Array.from({ length: config.layers }, (_, i) => layer(i)).flat(),
    ...norm("finalNorm", final),
    ...(config.tieEmbeddings ? [] : [whole("head", [v, d], tables.head)]),
  ];
}
