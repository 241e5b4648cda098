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

/** Policy log-probabilities of the pairs of a batch, summed over completion tokens, in nats. */
export interface PolicyLogps {
  readonly chosen: Float64Array;
  readonly rejected: Float64Array;
}

/** Both completions of a pair under its prompt. */
export function groupOf(pair: TokenizedPair): PromptGroup {
  return { promptIds: pair.promptIds, completions: [pair.chosenIds, pair.rejectedIds] };
}

/** Splits a batch into runs of pairs of at most `maxRows` packed rows, in order. */
export function microBatches(pairs: readonly TrainingPair[], maxRows: number): TrainingPair[][] {
  const out: TrainingPair[][] = [];
  let room = 0;
  for (const pair of pairs) {
    const rows = packedRows(groupOf(pair));
    if (out.length === 0 || rows > room) {
      out.push([]);
      room = maxRows;
    }
    out.at(-1)?.push(pair);
    room -= rows;
  }
  return out;
}

/**
 * One optimiser step on a batch, in passes of at most `maxRows` packed rows.
 *
 * `upstream` gets the log-probabilities of one pass and the positions of its pairs in the batch,
 * and returns the gradient of the batch's loss in them. The loss must be a sum over pairs, so that
 * the step is the same however the batch is split.
 * @returns the gradient norm before clipping; if it is not finite, nothing was changed
 */
export async function updateStep(
  model: LanguageModel,
  optimiser: AdamW,
  pairs: readonly TrainingPair[],
  learningRate: number,
  upstream: (logps: PolicyLogps, first: number, pairs: readonly TrainingPair[]) => PolicyLogps,
  options: { readonly maxRows: number; readonly dropoutSeed?: number },
): Promise<number> {
  const kernel = ops();
  const { tf } = engine();
  let total: Map<string, Tensor> | undefined;
  let first = 0;
  for (const members of microBatches(pairs, options.maxRows)) {
    const seed = options.dropoutSeed === undefined ? undefined : options.dropoutSeed + first;
    const { grads } = logpGradients(
      model.trainingWeights(seed),
      pack(members.map(groupOf)),
      (logps) => {
        const chosen = logps.filter((_, i) => i % 2 === 0);
        const rejected = logps.filter((_, i) => i % 2 === 1);
        const out = upstream({ chosen, rejected }, first, members);
        return Float64Array.from(
          logps,
          (_, i) => (i % 2 === 0 ? out.chosen : out.rejected)[i >> 1] ?? 0,
        );
      },
    );
    if (total === undefined) total = grads;
    else {
      for (const [name, grad] of grads) {
        const sum = total.get(name) as Tensor;
        total.set(name, tf.keep(kernel.add(sum, grad)));
        tf.dispose([sum, grad]);
      }
    }
    first += members.length;
  }
  if (total === undefined) throw new RangeError("an update needs at least one pair");
  return await optimiser.step(total, learningRate);
}
