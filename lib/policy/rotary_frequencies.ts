import type { ModelConfig } from "./config.ts";

type RotaryConfig = Pick<ModelConfig, "headDim" | "ropeTheta" | "ropeScaling">;

/**
 * Rotary angular frequencies in radians a position, one for each of the headDim / 2 pairs:
 * ropeTheta^(-2i / headDim), stretched as `config.ropeScaling` says.
 *
 * Source: RoFormer (arXiv 2104.09864); linear scaling divides every frequency; "llama3" is Llama
 * 3.1's rule, as in transformers' `_compute_llama3_parameters`: long wavelengths are stretched,
 * short ones kept, those between are interpolated. Rounded to float32, as Hugging Face has them.
 */
export function rotaryFrequencies(config: RotaryConfig): Float32Array {
  const scaling = config.ropeScaling;
  return Float32Array.from({ length: config.headDim / 2 }, (_, i) => {
    const frequency = 1 / config.ropeTheta ** (2 * i / config.headDim);
    if (scaling === undefined) return frequency;
    if (scaling.type === "linear") return frequency / scaling.factor;
    const turns = scaling.originalMaxPositions * frequency / (2 * Math.PI);
    if (turns < scaling.lowFreqFactor) return frequency / scaling.factor;
    if (turns > scaling.highFreqFactor) return frequency;
    const smooth = (turns - scaling.lowFreqFactor) /
      (scaling.highFreqFactor - scaling.lowFreqFactor);
    return frequency * ((1 - smooth) / scaling.factor + smooth);
  });
}
