import { UserError } from "../errors.ts";

/** The parts of a pair that relabelling touches. */
export interface Relabellable {
  readonly chosenIds: Int32Array;
  readonly rejectedIds: Int32Array;
  /** Whether the label is wrong, where that is known. */
  readonly flipped?: boolean;
}

/**
 * Relabels B pairs by their implicit reward margins and drops none: where the margin is negative,
 * chosen and rejected change places (and a known flip is undone, or a right label spoilt). A margin
 * of 0 keeps its label. A control for SeRA: iterative DPO that trusts the policy's own labels.
 *
 * @returns the pairs in order, and the indices of those swapped
 * @throws {UserError} on a margin that is NaN, naming the pair
 * @throws {RangeError} where there are not as many margins as pairs
 */
export function relabelPairs<Pair extends Relabellable>(
  pairs: readonly Pair[],
  margins: Float64Array,
): { readonly pairs: readonly Pair[]; readonly swapped: readonly number[] } {
  if (pairs.length !== margins.length) {
    throw new RangeError(`${pairs.length} pairs and ${margins.length} margins`);
  }
  const swapped: number[] = [];
  const relabelled = pairs.map((pair, i) => {
    const margin = margins[i] as number;
    if (Number.isNaN(margin)) {
      throw new UserError(
        `the margin of pair ${i} is NaN: it cannot be relabelled; check the model`,
      );
    }
    if (margin >= 0) return pair;
    swapped.push(i);
    return {
      ...pair,
      chosenIds: pair.rejectedIds,
      rejectedIds: pair.chosenIds,
      ...(pair.flipped === undefined ? {} : { flipped: !pair.flipped }),
    };
  });
  return { pairs: relabelled, swapped };
}
