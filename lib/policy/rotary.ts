import { engine, type Tensor2D } from "../engine/tensorflow.ts";
import type { ModelConfig } from "./config.ts";
import { rotaryFactor, rotaryFrequencies } from "./rotary_frequencies.ts";

/** Cosines and sines of position times frequency, [P, headDim / 2], grown as longer inputs come. */
export class RotaryTables {
  readonly #config: ModelConfig;
  #length = 0;
  #tables: { readonly cos: Tensor2D; readonly sin: Tensor2D } | undefined;

  constructor(config: ModelConfig) {
    this.#config = config;
  }

  /** Tables for at least `positions` positions. They stay valid until a longer length is asked for. */
  upTo(positions: number): { readonly cos: Tensor2D; readonly sin: Tensor2D } {
    if (this.#tables !== undefined && positions <= this.#length) return this.#tables;
    const { tf } = engine();
    const length = 2 ** Math.ceil(Math.log2(Math.max(64, positions)));
    const frequencies = rotaryFrequencies(this.#config);
    const half = frequencies.length, turning = (this.#config.rotaryDim ?? 2 * half) / 2;
    const factor = rotaryFactor(this.#config);
    const cos = new Float32Array(length * half), sin = new Float32Array(length * half);
    for (let p = 0; p < length; p++) {
      for (let i = 0; i < half; i++) {
        const angle = Math.fround(p * (frequencies[i] as number));
        cos[p * half + i] = Math.cos(angle) * (i < turning ? factor : 1);
        sin[p * half + i] = Math.sin(angle) * factor;
      }
    }
    this.dispose();
    this.#length = length;
    this.#tables = {
      cos: tf.keep(tf.tensor2d(cos, [length, half])),
      sin: tf.keep(tf.tensor2d(sin, [length, half])),
    };
    return this.#tables;
  }

  dispose(): void {
    this.#tables?.cos.dispose();
    this.#tables?.sin.dispose();
    this.#tables = undefined;
    this.#length = 0;
  }
}
