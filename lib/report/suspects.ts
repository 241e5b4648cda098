import type { TextOrMessages } from "../data/preference.ts";
import type { SourceColumns } from "../data/source_columns.ts";
import type { MetricValues } from "../metrics/metrics.ts";
import type { SelectionSummary } from "./selection_summary.ts";

/** A given pair as the margins see its label: a line of `suspects.jsonl`. */
export interface Suspect {
  /** 1 for the lowest margin of the last iteration. */
  readonly rank: number;
  readonly id: string;
  /** Ensemble margin in the last iteration; negative: the policy prefers the rejected response. */
  readonly margin: number;
  /** Ensemble margin by iteration, from the second on. */
  readonly margins: Readonly<Record<string, number>>;
  /** Whether the last iteration trained on it. */
  readonly kept: boolean;
  /** Whether the label is known to be flipped; absent where that is not known. */
  readonly flipped?: boolean;
  /** The pair as it was trained on. */
  readonly prompt: TextOrMessages;
  readonly chosen: TextOrMessages;
  readonly rejected: TextOrMessages;
  /** The other columns of its record. */
  readonly source: SourceColumns;
}

/** A suspect without what is found in the data file. */
export type RankedPair = Pick<Suspect, "rank" | "margin" | "margins" | "kept"> & {
  /** Into the given pairs. */
  readonly index: number;
  readonly flipped?: boolean;
};

/** All given pairs, the lowest margin of the last iteration first; none where no margin was taken. */
export function rankPairs(selections: readonly SelectionSummary[]): RankedPair[] {
  const last = selections.at(-1);
  if (last === undefined) return [];
  return last.margins.map((margin, index) => ({
    ...{ index, margin, kept: last.kept[index] === true },
    margins: Object.fromEntries(
      selections.map(({ iteration, margins }) => [iteration, margins[index] as number]),
    ),
    ...(last.flipped === undefined ? {} : { flipped: last.flipped[index] === true }),
  })).sort((a, b) => a.margin - b.margin).map((pair, i) => ({ rank: i + 1, ...pair }));
}

/** How the margins of a run came about: what their judgement of labels is worth. */
export interface MarginOrigin {
  /** Folds of cross-fitting; null: the policy scored pairs that it was trained on. */
  readonly crossFit: number | null;
  readonly iterations: readonly MetricValues[];
  /** Who trains: cross-fitting does not go with a trainer. */
  readonly trained: "here" | "by a trainer";
}

/** "cross-fitted, AUC 0.910 on the known flips": in few words, for the summary line. */
export function originText(
  { crossFit, iterations }: Omit<MarginOrigin, "trained">,
): string {
  const auc = iterations.at(-1)?.marginAuc ?? null;
  return (crossFit === null ? "in-sample" : "cross-fitted") +
    (auc === null ? "" : `, AUC ${auc.toFixed(3)} on the known flips`);
}

/** How far to trust the order, in whole sentences. */
export function trustText({ crossFit, iterations, trained }: MarginOrigin): string {
  const { marginAuc: auc = null, flippedAll = null } = iterations.at(-1) ?? {};
  const remedy = trained === "here"
    ? " With --cross-fit 5 each pair is scored by a policy that never saw it."
    : "";
  const origin = crossFit === null
    ? "These margins are in-sample: the policy was trained on the very labels that it judges here, " +
      `and comes to agree with wrong ones too.${remedy}`
    : `These margins are cross-fitted in ${crossFit} folds: each pair was scored by a policy that ` +
      "was never trained on it.";
  const audit = flippedAll === 0
    ? "The data say that none of these labels was flipped: what is wrong with them, if anything, is " +
      "not known."
    : auc === null
    ? "How many of these labels are wrong is not known: run once more with --flip-labels 0.1 to " +
      "see how well the margins find labels that are known to be wrong (AUC)."
    : `Of the flips that are known the margins tell this much: AUC ${auc.toFixed(3)}, the ` +
      "chance that a flipped pair ranks below an unflipped one (0.5 is chance, 1 is perfect).";
  return `${origin} ${audit}`;
}
