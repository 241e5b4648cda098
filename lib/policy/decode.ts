import { engine, type Tensor, type Tensor2D } from "../engine/tensorflow.ts";
import { ops } from "../engine/ops/ops.ts";
import type { DecodeCache, Segment } from "../engine/ops/types.ts";
import type { Weights } from "./forward.ts";
import { attentionShape, prepareHeads } from "./heads.ts";
import { affine } from "./linear.ts";
import { normalise } from "./norm.ts";
import type { LayerParameters } from "./parameters.ts";

/** One layer's attention input: normed residual stream in, rotated qkv out. */
interface LayerState {
  residual: Tensor2D;
  delta: Tensor2D | undefined;
}

/** The part of a layer after attention. Frees what it takes. */
function finishLayer(
  weights: Weights,
  layer: LayerParameters,
  residual: Tensor2D,
  attended: Tensor2D,
): LayerState {
  const { tf } = engine();
  const kernel = ops();
  const { config } = weights;
  const parallel = config.parallelResidual === true;
  const projected = affine(kernel, attended, layer, "attentionOut");
  const { sum, y, inverse } = normalise(
    kernel,
    config,
    residual,
    parallel ? undefined : projected,
    { weight: layer.mlpNorm, bias: layer.mlpNormBias },
  );
  const gateUp = affine(kernel, y, layer, "gateUp");
  const activated = config.gelu ? kernel.gelu(gateUp) : kernel.swiglu(gateUp);
  const own = affine(kernel, activated, layer, "down");
  const delta = parallel ? kernel.add(own, projected) : own;
  if (parallel) own.dispose();
  else residual.dispose();
  tf.dispose([attended, projected, y, inverse, gateUp, activated]);
  return { residual: sum, delta };
}

/** The part of a layer before attention: the residual sum and the rotated qkv rows. */
function startLayer(
  weights: Weights,
  index: number,
  state: LayerState,
  positions: Tensor,
  longest: number,
): { sum: Tensor2D; qkv: Tensor2D } {
  const { tf } = engine();
  const kernel = ops();
  const { config, parameters } = weights;
  const layer = parameters.layers[index] as LayerParameters;
  const { sum, y, inverse } = normalise(kernel, config, state.residual, state.delta, {
    weight: layer.attentionNorm,
    bias: layer.attentionNormBias,
  });
  if (state.delta !== undefined) tf.dispose([state.residual, state.delta]);
  const raw = affine(kernel, y, layer, "qkv");
  const rotation = { ...weights.rotary.upTo(longest), positions: positions as never };
  const { qkv, tape } = prepareHeads(kernel, weights, index, raw, rotation);
  if (tape !== undefined) tf.dispose([tape.raw, tape.queryInverse, tape.keyInverse]);
  tf.dispose([y, inverse]);
  return { sum, qkv };
}

/** Prompts run through the model once, and the growing keys and values of their responses. */
export class Decoder {
  readonly #weights: Weights;
  readonly #longest: number;
  #caches: DecodeCache[] = [];
  #prompts: Tensor2D[] = [];
  /** Position of the next token of each response. */
  #positions: Int32Array;

  /**
   * @param prompts token ids, at least one each; all but the last are run here
   * @param owner for each response, the index of its prompt
   * @param capacity most tokens a response will take, its prompt's last token included
   */
  constructor(
    weights: Weights,
    prompts: readonly Int32Array[],
    owner: Int32Array,
    capacity: number,
  ) {
    this.#weights = weights;
    this.#longest = prompts.reduce((n, p) => Math.max(n, p.length), 0) + capacity;
    this.#positions = Int32Array.from(owner, (p) => (prompts[p]?.length ?? 1) - 1);
    const spans = this.#prefill(prompts);
    const own = Int32Array.from({ length: owner.length * 2 }, (_, i) => {
      const span = spans[owner[i >> 1] as number] as [number, number];
      return span[i % 2] as number;
    });
    const kernel = ops();
    this.#caches = this.#prompts.map((rows, layer) =>
      kernel.decodeCache(rows, own, capacity, attentionShape(weights.config, layer))
    );
  }

  /** Keeps the rotated qkv rows of every layer; returns each prompt's [start, length]. */
  #prefill(prompts: readonly Int32Array[]): [number, number][] {
    const { tf } = engine();
    const kernel = ops();
    const { config, parameters } = this.#weights;
    const segments: Segment[] = [], spans: [number, number][] = [], ids: number[] = [];
    const positions: number[] = [];
    for (const prompt of prompts) {
      const length = prompt.length - 1, start = ids.length;
      spans.push([start, length]);
      if (length > 0) segments.push({ start, length, prefixStart: start, prefixLength: 0 });
      for (let i = 0; i < length; i++) {
        ids.push(prompt[i] as number);
        positions.push(i);
      }
    }
    if (ids.length === 0) {
      const width = (config.heads + 2 * config.kvHeads) * config.headDim;
      this.#prompts = parameters.layers.map(() => tf.keep(tf.zeros([1, width])) as Tensor2D);
      return spans;
    }
    const kept = tf.tidy(() => {
      const layout = kernel.attentionLayout(segments, ids.length);
      const place = tf.tensor1d(positions, "int32");
      let state: LayerState = {
        residual: kernel.gatherRows(parameters.embedding, tf.tensor1d(ids, "int32")),
        delta: undefined,
      };
      const rows: Tensor2D[] = [];
      for (const layer of parameters.layers) {
        const { sum, qkv } = startLayer(this.#weights, rows.length, state, place, this.#longest);
        rows.push(qkv);
        // Nothing reads what the last layer makes of the prompt.
        if (rows.length === parameters.layers.length) break;
        const shape = attentionShape(config, rows.length - 1);
        const attention = kernel.attention(qkv, layout, shape);
        tf.dispose([...attention.saved]);
        state = finishLayer(this.#weights, layer, sum, attention.out);
      }
      layout.dispose();
      return rows;
    });
    this.#prompts = kept.map((rows) => tf.keep(rows));
    return spans;
  }

  /** Feeds one token a response and returns the logits of the next, [B, V]; the caller frees them. */
  step(tokenIds: Int32Array): Tensor2D {
    const { tf } = engine();
    const kernel = ops();
    const { parameters, config } = this.#weights;
    const logits = tf.tidy(() => {
      const positions = tf.tensor1d(this.#positions, "int32");
      let state: LayerState = {
        residual: kernel.gatherRows(parameters.embedding, tf.tensor1d(tokenIds, "int32")),
        delta: undefined,
      };
      parameters.layers.forEach((layer, i) => {
        const { sum, qkv } = startLayer(this.#weights, i, state, positions, this.#longest);
        const attended = (this.#caches[i] as DecodeCache).attend(qkv);
        qkv.dispose();
        state = finishLayer(this.#weights, layer, sum, attended);
      });
      const { y } = normalise(kernel, config, state.residual, state.delta, {
        weight: parameters.finalNorm,
        bias: parameters.finalNormBias,
      });
      return kernel.matMul(y, parameters.head, false, true);
    });
    this.#positions = this.#positions.map((p) => p + 1);
    return logits;
  }

  /** Goes on with these responses only (indices, ascending). */
  keep(rows: Int32Array): void {
    for (const cache of this.#caches) cache.keep(rows);
    this.#positions = Int32Array.from(rows, (r) => this.#positions[r] as number);
  }

  dispose(): void {
    for (const cache of this.#caches) cache.dispose();
    engine().tf.dispose(this.#prompts);
  }
}
