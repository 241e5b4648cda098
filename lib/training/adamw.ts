import { hostCopy } from "../engine/host_copy.ts";
import { engine, type Tensor } from "../engine/tensorflow.ts";
import type { AdamWSlot } from "../engine/ops/types.ts";
import { ops } from "../engine/ops/ops.ts";
import type { LanguageModel, Snapshot } from "../policy/language_model.ts";

/** Settings of AdamW (Loshchilov and Hutter 2019), PyTorch's defaults. */
export interface AdamWConfig {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled: parameters shrink by learningRate * weightDecay a step. */
  readonly weightDecay: number;
  /** Largest global gradient norm; 0 switches clipping off. */
  readonly maxGradNorm: number;
}

/** PyTorch's betas and epsilon, no decay, clipping at 1. */
export const DEFAULT_ADAMW: AdamWConfig = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  maxGradNorm: 1,
};

/** AdamW over a model's trainable tensors, its moments on the device. */
export class AdamW {
  readonly #model: LanguageModel;
  readonly #config: AdamWConfig;
  #moments = new Map<string, { first: Tensor; second: Tensor }>();
  #step = 0;

  constructor(model: LanguageModel, config: AdamWConfig) {
    this.#model = model;
    this.#config = config;
    const { tf } = engine();
    for (const [name, tensor] of model.trainable()) {
      const zeros = () => tf.keep(tf.tensor(new Float32Array(tensor.size), tensor.shape));
      this.#moments.set(name, { first: zeros(), second: zeros() });
    }
  }

  /** Steps taken. */
  get steps(): number {
    return this.#step;
  }

  /**
   * One step with these gradients, which it frees. Returns the global norm before clipping;
   * a norm that is not finite is returned and nothing is changed.
   */
  async step(grads: ReadonlyMap<string, Tensor>, learningRate: number): Promise<number> {
    const { tf } = engine();
    const kernel = ops();
    const squares = tf.tidy(() => tf.stack([...grads.values()].map((g) => kernel.sumSquares(g))));
    const values = await squares.data() as Float32Array;
    const norm = Math.sqrt(values.reduce((a, b) => a + b, 0));
    squares.dispose();
    if (!Number.isFinite(norm)) {
      tf.dispose([...grads.values()]);
      return norm;
    }
    const { maxGradNorm, ...settings } = this.#config;
    // PyTorch's clip_grad_norm_ divides by the norm plus 1e-6.
    const gradFactor = maxGradNorm > 0 ? Math.min(1, maxGradNorm / (norm + 1e-6)) : 1;
    this.#step++;
    const next = new Map<string, Tensor>();
    for (const [name, value] of this.#model.trainable()) {
      const grad = grads.get(name), moments = this.#moments.get(name);
      if (grad === undefined || moments === undefined) {
        throw new Error(`no gradient for the trainable tensor ${name}`);
      }
      const slot: AdamWSlot = kernel.adamW({ value, ...moments }, grad, {
        ...settings,
        learningRate,
        gradFactor,
        step: this.#step,
      });
      next.set(name, slot.value);
      this.#moments.set(name, { first: slot.first, second: slot.second });
      grad.dispose();
    }
    this.#model.setTrainable(next);
    return norm;
  }

  /** Moments and step count, off the device. */
  async snapshot(): Promise<{ step: number; moments: Snapshot }> {
    const moments: Snapshot = new Map();
    for (const [name, { first, second }] of this.#moments) {
      const shape = [...first.shape];
      moments.set(`${name}.first`, { shape, data: await hostCopy(first) });
      moments.set(`${name}.second`, { shape, data: await hostCopy(second) });
    }
    return { step: this.#step, moments };
  }

  /** Goes on from a snapshot. @throws Error naming a missing moment. */
  restore(saved: { readonly step: number; readonly moments: Snapshot }): void {
    const { tf } = engine();
    const read = (name: string): Tensor => {
      const value = saved.moments.get(name);
      if (value === undefined) throw new Error(`optimiser state has no ${name}`);
      return tf.keep(tf.tensor(value.data.slice(), [...value.shape], "float32"));
    };
    for (const name of this.#moments.keys()) {
      tf.dispose(Object.values(this.#moments.get(name) ?? {}));
      this.#moments.set(name, { first: read(`${name}.first`), second: read(`${name}.second`) });
    }
    this.#step = saved.step;
  }

  dispose(): void {
    for (const { first, second } of this.#moments.values()) engine().tf.dispose([first, second]);
    this.#moments.clear();
  }
}
