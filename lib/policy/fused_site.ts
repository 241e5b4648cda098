/** The matrices of a layer, as they are fused here; LoRA can adapt each. */
export const FUSED_SITES = ["qkv", "attentionOut", "gateUp", "down"] as const;
/** One of the fused matrices of a layer. */
export type FusedSite = typeof FUSED_SITES[number];
