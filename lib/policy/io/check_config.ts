import { UserError } from "../../errors.ts";
import type { ModelConfig } from "../config.ts";

/** Far above any known model; keeps a lying header from filling the memory. */
const MAX_LAYERS = 1000;

/** Returns the configuration, or throws `UserError` where its numbers contradict each other. */
export function checkConfig(config: ModelConfig, origin: string): ModelConfig {
  if (config.layers > MAX_LAYERS) {
    throw new UserError(
      `${origin}: ${config.layers} layers are more than the ${MAX_LAYERS} supported`,
    );
  }
  if (config.heads % config.kvHeads !== 0) {
    throw new UserError(
      `${origin}: ${config.heads} query heads cannot share ${config.kvHeads} key heads evenly`,
    );
  }
  if (config.headDim % 2 !== 0) {
    throw new UserError(
      `${origin}: head width ${config.headDim} is odd; rotary embeddings need pairs`,
    );
  }
  const { rotaryDim = config.headDim } = config;
  if (rotaryDim % 2 !== 0 || rotaryDim < 2 || rotaryDim > config.headDim) {
    throw new UserError(
      `${origin}: ${rotaryDim} of a head's ${config.headDim} components would rotate; rotary ` +
        "embeddings need pairs of them",
    );
  }
  const scaling = config.ropeScaling;
  if (scaling?.type === "llama3" && scaling.highFreqFactor <= scaling.lowFreqFactor) {
    throw new UserError(`${origin}: rope scaling needs high_freq_factor above low_freq_factor`);
  }
  return config;
}

/** Width of one head when the file does not say. Throws `UserError` if it is no integer. */
export function defaultHeadDim(hiddenSize: number, heads: number, origin: string): number {
  if (hiddenSize % heads === 0) return hiddenSize / heads;
  throw new UserError(`${origin}: width ${hiddenSize} is not a multiple of ${heads} heads`);
}
