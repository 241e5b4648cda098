import type { ModelConfig, RopeScaling } from "./config.ts";

type RotaryConfig = Pick<ModelConfig, "headDim" | "rotaryDim" | "ropeTheta" | "ropeScaling">;

/**
 * Rotary angular frequencies in radians a position, one for each of the headDim / 2 pairs:
 * ropeTheta^(-2i / r), r the components that rotate, stretched as `config.ropeScaling` says; 0 for
 * pairs that stay.
 *
 * Source: RoFormer (arXiv 2104.09864); linear scaling divides every frequency; "llama3" is Llama
 * 3.1's rule, as in transformers' `_compute_llama3_parameters`: long wavelengths are stretched,
 * short ones kept, those between are interpolated; "yarn" is arXiv 2309.00071, as in
 * `_compute_yarn_parameters`. Rounded to float32, as Hugging Face has them.
 */
export function rotaryFrequencies(config: RotaryConfig): Float32Array {
  const { headDim, rotaryDim = headDim, ropeTheta, ropeScaling } = config;
  const stretched = stretch(ropeScaling, rotaryDim, ropeTheta);
  return Float32Array.from(
    { length: headDim / 2 },
    (_, i) => i < rotaryDim / 2 ? stretched(1 / ropeTheta ** (2 * i / rotaryDim), i) : 0,
  );
}

/** The factor on cosines and sines of the pairs that rotate. */
export function rotaryFactor({ ropeScaling }: RotaryConfig): number {
  return ropeScaling?.type === "yarn" ? ropeScaling.attentionFactor : 1;
}

/** What becomes of the frequency of pair i. */
function stretch(
  scaling: RopeScaling | undefined,
  rotaryDim: number,
  theta: number,
): (frequency: number, i: number) => number {
  switch (scaling?.type) {
    case undefined:
    case "dynamic":
      return (frequency) => frequency;
    case "linear":
      return (frequency) => frequency / scaling.factor;
    case "llama3": {
      const { factor, lowFreqFactor, highFreqFactor, originalMaxPositions } = scaling;
      return (frequency) => {
        const turns = originalMaxPositions * frequency / (2 * Math.PI);
        if (turns < lowFreqFactor) return frequency / factor;
        if (turns > highFreqFactor) return frequency;
        const smooth = (turns - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
        return frequency * ((1 - smooth) / factor + smooth);
      };
    }
    case "yarn": {
      const { factor, originalMaxPositions, betaFast, betaSlow, truncate } = scaling;
      /** The pair that turns this often within the original context. */
      const pairOf = (turns: number) =>
        rotaryDim * Math.log(originalMaxPositions / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
      const [fast, slow] = [pairOf(betaFast), pairOf(betaSlow)];
      const low = Math.max(truncate ? Math.floor(fast) : fast, 0);
      const high = Math.min(truncate ? Math.ceil(slow) : slow, rotaryDim - 1);
      const width = low === high ? 0.001 : high - low;
      return (frequency, i) => {
        const share = Math.min(1, Math.max(0, (i - low) / width));
        return frequency / factor * share + frequency * (1 - share);
      };
    }
  }
}
