import { jaccard } from "./jaccard.ts";
import { rankAuc } from "./rank_auc.ts";

/** What a selection is audited against. All arrays have length B, the number of pairs. */
export interface AuditInput {
  readonly margins: Float64Array;
  /** Indices of the selected pairs. */
  readonly selected: readonly number[];
  /** Whether each label is wrong, where that is known. */
  readonly flipped?: readonly boolean[];
  /** Completion tokens. */
  readonly chosenLengths?: ArrayLike<number>;
  readonly rejectedLengths?: ArrayLike<number>;
  /** Indices selected in the previous iteration. */
  readonly previous?: readonly number[];
}

/** Measurements of one selection; null where the input does not allow one. */
export interface SelectionAudit {
  readonly total: number;
  readonly selected: number;
  readonly meanMarginSelected: number | null;
  readonly meanMarginUnselected: number | null;
  /** Share of pairs with a margin above 0: how often the policy agrees with the label. */
  readonly agreement: number | null;
  /** Flipped pairs among the selected. */
  readonly flipsKept: number | null;
  /** Share of flipped pairs among the selected, and among all. */
  readonly flippedShareSelected: number | null;
  readonly flippedShareAll: number | null;
  /** Probability that a right pair has a larger margin than a flipped one, ties half. */
  readonly marginAuc: number | null;
  /** Overlap with the previous selection. */
  readonly jaccardPrevious: number | null;
  /** Mean of |chosen| - |rejected| in tokens. */
  readonly lengthDifferenceSelected: number | null;
  readonly lengthDifferenceUnselected: number | null;
}

/**
 * Audits one selection: what was kept, how wrong it is, how stable, how long.
 *
 * @throws {RangeError} where arrays differ in length or an index is out of range or repeated
 */
export function auditSelection(input: AuditInput): SelectionAudit {
  const { margins, selected, flipped, chosenLengths, rejectedLengths, previous } = input;
  const total = margins.length;
  for (const values of [flipped, chosenLengths, rejectedLengths]) {
    if (values !== undefined && values.length !== total) {
      throw new RangeError(`${total} margins and ${values.length} entries to audit against`);
    }
  }
  const isSelected = new Array<boolean>(total).fill(false);
  for (const index of selected) {
    if (isSelected[index] !== false) {
      throw new RangeError(`selected index ${index} is repeated or not one of ${total} pairs`);
    }
    isSelected[index] = true;
  }
  const unselected = isSelected.flatMap((yes, i) => yes ? [] : [i]);
  const all = isSelected.map((_, i) => i);

  const margin = (i: number): number => margins[i] as number;
  const isFlip = flipped && ((i: number): number => flipped[i] ? 1 : 0);
  const lengthDifference = chosenLengths && rejectedLengths &&
    ((i: number): number => (chosenLengths[i] as number) - (rejectedLengths[i] as number));
  return {
    total,
    selected: selected.length,
    meanMarginSelected: meanOver(selected, margin),
    meanMarginUnselected: meanOver(unselected, margin),
    agreement: meanOver(all, (i) => margin(i) > 0 ? 1 : 0),
    flipsKept: isFlip ? selected.reduce((sum, i) => sum + isFlip(i), 0) : null,
    flippedShareSelected: isFlip ? meanOver(selected, isFlip) : null,
    flippedShareAll: isFlip ? meanOver(all, isFlip) : null,
    marginAuc: flipped ? rankAuc(margins, flipped.map((flip) => !flip)) : null,
    jaccardPrevious: previous ? jaccard(selected, previous) : null,
    lengthDifferenceSelected: lengthDifference ? meanOver(selected, lengthDifference) : null,
    lengthDifferenceUnselected: lengthDifference ? meanOver(unselected, lengthDifference) : null,
  };
}

function meanOver(indices: readonly number[], value: (index: number) => number): number | null {
  if (indices.length === 0) return null;
  return indices.reduce((sum, index) => sum + value(index), 0) / indices.length;
}
