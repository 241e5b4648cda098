import { engine, type Tensor } from "../engine/tensorflow.ts";
import { ops } from "../engine/ops/ops.ts";
import type { TokenizedPair } from "../data/preference.ts";
import type { LanguageModel } from "../policy/language_model.ts";
import { pack, packedRows, type PromptGroup } from "../policy/packing.ts";
import { logpGradients } from "../policy/sequence_logps.ts";
import type { AdamW } from "./adamw.ts";

/** A pair with the reference's log-probabilities, as an update needs it. */
export interface TrainingPair extends TokenizedPair {
  readonly referenceChosenLogp: number;
  readonly referenceRejectedLogp: number;
}

/** Both completions of a pair under its prompt. */
export function groupOf(pair: TokenizedPair): PromptGroup {
  return { promptIds: pair.promptIds, completions: [pair.chosenIds, pair.rejectedIds] };
}

/**
 * Splits groups into runs of at most `maxRows` packed rows, in order. Returns index ranges.
 *
 * @param together so many groups in a row stay in one run
 */
export function microBatches(
  groups: readonly PromptGroup[],
  maxRows: number,
  together = 1,
): [first: number, end: number][] {
  const out: [number, number][] = [];
  let room = 0;
  for (let i = 0; i < groups.length; i += together) {
    const end = i + together;
    const rows = groups.slice(i, end).reduce((sum, group) => sum + packedRows(group), 0);
    const last = out.at(-1);
    if (last === undefined || rows > room) {
      out.push([i, end]);
      room = maxRows;
    } else {
      last[1] = end;
    }
    room -= rows;
  }
  return out;
}

/**
 * One optimiser step on a batch, in passes of at most `maxRows` packed rows.
 *
 * `upstream` gets the log-probabilities of one pass, [S] over its groups and their completions in
 * order, and the range of its groups in the batch; it returns the gradient of the batch's loss in
 * them. The loss must be a sum over groups, or over runs of `together` of them, so that the step is
 * the same however it is split.
 * @returns the gradient norm before clipping; if it is not finite, nothing was changed
 */
export async function updateStep(
  model: LanguageModel,
  optimiser: AdamW,
  groups: readonly PromptGroup[],
  learningRate: number,
  upstream: (logps: Float64Array, first: number, end: number) => Float64Array,
  options: {
    readonly maxRows: number;
    readonly dropoutSeed?: number;
    /** Groups in a row that a pass must not part. Default 1. */
    readonly together?: number;
  },
): Promise<number> {
  const kernel = ops();
  const { tf } = engine();
  let total: Map<string, Tensor> | undefined;
  for (const [first, end] of microBatches(groups, options.maxRows, options.together)) {
    const seed = options.dropoutSeed === undefined ? undefined : options.dropoutSeed + first;
    const { grads } = logpGradients(
      model.trainingWeights(seed),
      pack(groups.slice(first, end)),
      (logps) => upstream(logps, first, end),
    );
    if (total === undefined) {
      total = grads;
      continue;
    }
    for (const [name, grad] of grads) {
      const sum = total.get(name) as Tensor;
      total.set(name, tf.keep(kernel.add(sum, grad)));
      tf.dispose([sum, grad]);
    }
  }
  if (total === undefined) throw new RangeError("an update needs at least one group");
  return await optimiser.step(total, learningRate);
}
