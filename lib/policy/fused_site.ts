/** One of the matrices of a layer, as they are fused here; LoRA can adapt each. */
export type FusedSite = "qkv" | "attentionOut" | "gateUp" | "down";
/** All of them, in the order in which they compute. */
export const FUSED_SITES: readonly FusedSite[] = ["qkv", "attentionOut", "gateUp", "down"];
