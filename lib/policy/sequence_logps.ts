import { breathe } from "../engine/breathe.ts";
import { engine, type Tensor, type Tensor2D } from "../engine/tensorflow.ts";
import { ops } from "../engine/ops/ops.ts";
import { hiddenGrad } from "./backward.ts";
import { hiddenStates, type Weights } from "./forward.ts";
import type { LanguageModel } from "./language_model.ts";
import { batchGroups, pack, type PackedBatch, type PromptGroup } from "./packing.ts";

/** Most logits held at a time: 64 MiB of float32. */
const LOGITS = 16 * 1024 * 1024;
/** Default limit on the packed rows of one forward pass. */
export const MAX_ROWS = 4096;

/** Row ranges whose logits fit the limit. */
function* chunks(rows: number, vocabSize: number): Generator<[start: number, count: number]> {
  const size = Math.max(1, Math.floor(LOGITS / vocabSize));
  for (let start = 0; start < rows; start += size) yield [start, Math.min(size, rows - start)];
}

/** Sums token values over each sequence, in float64. */
function sumBySequence(values: Float32Array, lengths: Int32Array): Float64Array {
  const sums = new Float64Array(lengths.length);
  let row = 0;
  lengths.forEach((length, s) => {
    let sum = 0;
    for (let i = 0; i < length; i++) sum += values[row++] as number;
    sums[s] = sum;
  });
  return sums;
}

/** Log-probability of every target token of a packed batch, [M], without gradients. */
export function tokenLogps(weights: Weights, batch: PackedBatch): Float32Array {
  const { tf } = engine();
  const kernel = ops();
  const { head } = weights.parameters;
  const values = new Float32Array(batch.targets.length);
  tf.tidy(() => {
    const { hidden, tape } = hiddenStates(weights, batch, false);
    tape.layout.dispose();
    for (const [start, count] of chunks(values.length, head.shape[0])) {
      tf.tidy(() => {
        const rows = kernel.sliceRows(hidden, start, count);
        const targets = tf.tensor1d(batch.targets.subarray(start, start + count), "int32");
        const logits = kernel.matMul(rows, head, false, true);
        values.set(kernel.tokenLogps(logits, targets).dataSync() as Float32Array, start);
      });
    }
  });
  return values;
}

/** How log-probabilities are computed, and who is told. */
export interface ScoringOptions {
  /** Most packed rows of a pass; default `MAX_ROWS`. */
  readonly maxRows?: number;
  /** Called after each pass with the groups done so far. */
  readonly onBatch?: (done: number) => void | Promise<void>;
  /**
   * Gives the sums of a pass, group by group: those that were kept, or `compute`'s. Default:
   * `compute`'s.
   *
   * @param members indices of the pass's groups
   */
  readonly recall?: (
    members: readonly number[],
    compute: () => Float64Array,
  ) => Promise<Float64Array>;
}

/**
 * Summed completion log-probabilities, one array a group in the order of its completions, in nats.
 *
 * Sums run over completion tokens only; there is no padding to count. Groups are packed by length
 * into passes of at most `maxRows` rows, so memory does not grow with the number of groups.
 */
export async function sequenceLogps(
  model: LanguageModel,
  groups: readonly PromptGroup[],
  options: ScoringOptions = {},
): Promise<Float64Array[]> {
  const weights = model.inferenceWeights();
  const out: Float64Array[] = new Array(groups.length);
  let done = 0;
  for (const indices of batchGroups(groups, options.maxRows ?? MAX_ROWS)) {
    const members = indices.map((i) => groups[i] as PromptGroup);
    const compute = () => {
      const batch = pack(members);
      return sumBySequence(tokenLogps(weights, batch), batch.lengths);
    };
    const sums = await (options.recall?.(indices, compute) ?? compute());
    let at = 0;
    indices.forEach((index, i) => {
      const count = members[i]?.completions.length ?? 0;
      out[index] = sums.slice(at, at + count);
      at += count;
    });
    done += indices.length;
    await options.onBatch?.(done);
    await breathe();
  }
  return out;
}

/** The same in one list: group by group, each in the order of its completions. */
export async function completionLogps(
  ...call: Parameters<typeof sequenceLogps>
): Promise<number[]> {
  return (await sequenceLogps(...call)).flatMap((values) => [...values]);
}

/** What `logpGradients` returns; the gradients are kept tensors that the caller disposes. */
export interface LogpGradients {
  /** [S] summed completion log-probabilities under the current weights. */
  readonly logps: Float64Array;
  readonly grads: Map<string, Tensor>;
}

/**
 * Gradients of a scalar loss of the sequences' log-probabilities in all trainable tensors.
 *
 * One forward pass; `upstream` gets the summed log-probabilities [S] and returns
 * d loss / d logps [S]; one backward pass. With a frozen head, the gradient in the hidden states
 * is found while the logits are there, up to the factor d loss / d logp of each row, so logits are
 * neither kept nor computed twice.
 */
export function logpGradients(
  weights: Weights,
  batch: PackedBatch,
  upstream: (logps: Float64Array) => Float64Array,
): LogpGradients {
  const { tf } = engine();
  const kernel = ops();
  const { head } = weights.parameters;
  const full = weights.lora === undefined;
  const rows = batch.targets.length;
  let logps = new Float64Array(0);
  let names: string[] = [];
  const kept = tf.tidy(() => {
    const { hidden, tape } = hiddenStates(weights, batch, true);
    const values = new Float32Array(rows);
    const units: Tensor2D[] = [], residuals: Tensor2D[] = [];
    for (const [start, count] of chunks(rows, head.shape[0])) {
      const part = kernel.sliceRows(hidden, start, count);
      const targets = tf.tensor1d(batch.targets.subarray(start, start + count), "int32");
      const logits = kernel.matMul(part, head, false, true);
      const { logps: tokens, residual } = kernel.tokenLogpsWithResidual(logits, targets);
      values.set(tokens.dataSync() as Float32Array, start);
      units.push(kernel.matMul(residual, head));
      tf.dispose([part, targets, tokens]);
      if (full) residuals.push(residual);
      else residual.dispose();
    }
    logps = sumBySequence(values, batch.lengths) as Float64Array<ArrayBuffer>;
    const bySequence = upstream(logps);
    const rowFactors = new Float32Array(rows);
    let row = 0;
    batch.lengths.forEach((length, s) => {
      rowFactors.fill(bySequence[s] as number, row, row + length);
      row += length;
    });
    const factors = tf.tensor1d(rowFactors);
    const unit = units.length === 1 ? units[0] as Tensor2D : tf.concat(units, 0) as Tensor2D;
    const dhidden = kernel.scaleRows(unit, factors);
    if (units.length > 1) tf.dispose(units);
    unit.dispose();
    const headGrad = full
      ? headGradient(residuals, kernel.scaleRows(hidden, factors), kernel)
      : undefined;
    hidden.dispose();
    const grads = hiddenGrad(weights, batch, tape, dhidden, headGrad);
    tape.layout.dispose();
    names = [...grads.keys()];
    return [...grads.values()];
  });
  const grads = new Map(names.map((name, i) => [name, tf.keep(kept[i] as Tensor)]));
  return { logps, grads };
}

/** Sum over chunks of residual^T (scaled hidden rows): [V, D]. Consumes both. */
function headGradient(
  residuals: readonly Tensor2D[],
  scaled: Tensor2D,
  kernel: ReturnType<typeof ops>,
): Tensor2D {
  let start = 0;
  let total: Tensor2D | undefined;
  for (const residual of residuals) {
    const count = residual.shape[0];
    const part = kernel.sliceRows(scaled, start, count);
    const grad = kernel.matMul(residual, part, true, false);
    const next: Tensor2D = total === undefined ? grad : kernel.add(total, grad);
    part.dispose();
    residual.dispose();
    if (total !== undefined) {
      total.dispose();
      grad.dispose();
    }
    total = next;
    start += count;
  }
  scaled.dispose();
  if (total === undefined) throw new Error("a batch without target tokens has no gradient");
  return total;
}
