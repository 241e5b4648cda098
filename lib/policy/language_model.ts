import { hostCopy } from "../engine/host_copy.ts";
import { engine, type Tensor } from "../engine/tensorflow.ts";
import type { ModelConfig } from "./config.ts";
import type { Weights } from "./forward.ts";
import {
  disposeMerged,
  initialLora,
  type LoraConfig,
  loraFromNamed,
  type LoraLayers,
  mergeLora,
  namedLora,
} from "./lora.ts";
import { type ModelParameters, namedParameters, parametersFromNamed } from "./parameters.ts";
import { RotaryTables } from "./rotary.ts";

/** Values of trainable tensors, off the device. */
export type Snapshot = Map<
  string,
  { readonly shape: readonly number[]; readonly data: Float32Array }
>;

/**
 * A language model whose trainable part is either LoRA adapters over frozen weights or all of them.
 *
 * The base tensors may be shared between models (a policy and its reference); trainable tensors
 * belong to this model alone.
 */
export class LanguageModel {
  /** Shape of the model. */
  readonly config: ModelConfig;
  /** Of its adapters; undefined where all weights train. */
  readonly loraConfig: LoraConfig | undefined;
  /** @internal Cosines and sines of the positions. */
  readonly rotary: RotaryTables;
  #base: ModelParameters;
  #lora: LoraLayers | undefined;
  #merged: ModelParameters | undefined;

  /** @internal Loaded models come from `loadPolicy`. */
  constructor(
    config: ModelConfig,
    base: ModelParameters,
    lora?: { readonly config: LoraConfig; readonly layers: LoraLayers },
  ) {
    this.config = config;
    this.#base = base;
    this.loraConfig = lora?.config;
    this.#lora = lora?.layers;
    this.rotary = new RotaryTables(config);
  }

  /** @internal The unadapted weights. */
  get base(): ModelParameters {
    return this.#base;
  }

  /** @internal The adapters, if the model has them. */
  get lora(): LoraLayers | undefined {
    return this.#lora;
  }

  /** @internal Tensors that training changes, in a fixed order. */
  trainable(): Map<string, Tensor> {
    return this.#lora === undefined ? namedParameters(this.#base) : namedLora(this.#lora);
  }

  /** @internal Puts new trainable tensors in place; call after every in-place change too. */
  setTrainable(named: ReadonlyMap<string, Tensor>): void {
    this.#dropMerged();
    if (this.#lora === undefined) this.#base = parametersFromNamed(this.config, named);
    else this.#lora = loraFromNamed(this.#lora, named);
  }

  /** @internal Weights for a training pass: adapters apart, dropout by seed if given. */
  trainingWeights(dropoutSeed?: number): Weights {
    const { config, rotary } = this;
    if (this.#lora === undefined || this.loraConfig === undefined) {
      return { config, rotary, parameters: this.#base };
    }
    const lora = {
      config: this.loraConfig,
      layers: this.#lora,
      ...(dropoutSeed === undefined ? {} : { dropoutSeed }),
    };
    return { config, rotary, parameters: this.#base, lora };
  }

  /** @internal Weights for scoring and generation: adapters merged in, once until the next change. */
  inferenceWeights(): Weights {
    const { config, rotary } = this;
    if (this.#lora === undefined || this.loraConfig === undefined) {
      return { config, rotary, parameters: this.#base };
    }
    this.#merged ??= mergeLora(this.#base, this.loraConfig, this.#lora);
    return { config, rotary, parameters: this.#merged };
  }

  /** Copies the trainable values off the device. */
  async snapshot(): Promise<Snapshot> {
    const out: Snapshot = new Map();
    for (const [name, tensor] of this.trainable()) {
      out.set(name, { shape: [...tensor.shape], data: await hostCopy(tensor) });
    }
    return out;
  }

  /** Replaces the trainable values. @throws Error naming a tensor that is missing or misshapen. */
  restore(snapshot: Snapshot): void {
    const { tf } = engine();
    const trainable = [...this.trainable()];
    const saved = trainable.map(([name, { shape }]) => {
      const value = snapshot.get(name);
      if (value === undefined || value.shape.join() !== shape.join()) {
        throw new Error(`snapshot has no tensor ${name} of shape [${shape}]`);
      }
      return [name, value] as const;
    });
    const next = new Map(
      saved.map(([name, { data, shape }]) =>
        [name, tf.keep(tf.tensor(data.slice(), [...shape], "float32"))] as const
      ),
    );
    this.setTrainable(next);
    tf.dispose(trainable.map(([, tensor]) => tensor));
  }

  /**
   * A model over the same weights, now frozen, with fresh adapters (PEFT's initial values).
   *
   * @throws {UserError} naming an unknown target module
   */
  withLora(lora: LoraConfig, seed: number): LanguageModel {
    const layers = initialLora(this.config, lora, seed);
    return new LanguageModel(this.config, this.#base, { config: lora, layers });
  }

  /** A model with its own copy of the trainable tensors and the same frozen ones. */
  clone(): LanguageModel {
    const { tf } = engine();
    const own = new Map<string, Tensor>();
    for (const [name, tensor] of this.trainable()) own.set(name, tf.keep(copyOf(tensor)));
    const copy = new LanguageModel(
      this.config,
      this.#base,
      this.#lora === undefined || this.loraConfig === undefined
        ? undefined
        : { config: this.loraConfig, layers: this.#lora },
    );
    copy.setTrainable(own);
    return copy;
  }

  /** Frees the trainable tensors, merged weights and tables; shared base tensors only when full. */
  dispose(): void {
    this.#dropMerged();
    engine().tf.dispose([...this.trainable().values()]);
    this.rotary.dispose();
  }

  #dropMerged(): void {
    if (this.#merged !== undefined) disposeMerged(this.#merged, this.#base);
    this.#merged = undefined;
  }
}

/** A deep copy: `tf.clone` shares the buffer that in-place kernels write to. */
function copyOf(tensor: Tensor): Tensor {
  const { tf } = engine();
  return tf.tensor(tensor.dataSync().slice(), tensor.shape, "float32");
}
