import type { StudyResults } from "../study/open_study.ts";
import { sharedSeeds, type StudyRow } from "../study/rows.ts";

/** What means are set side by side of, and what they are worth. */
export interface ComparedRows {
  readonly rows: readonly StudyRow[];
  /** "3 seeds that all methods have". */
  readonly text: string;
  /** What must be known to read the means; undefined where all methods have the same seeds. */
  readonly caution?: string;
}

/**
 * Rows of the seeds that every method of a comparison has, even one whose runs all failed; where
 * there are none, of those that the methods with any run share; else all rows.
 */
export function comparedRows(
  { study, rows }: Pick<StudyResults, "study" | "rows">,
): ComparedRows {
  const arms = study.arms.map(({ id }) => id);
  const onSeeds = (seeds: ReadonlySet<number>) => rows.filter((row) => seeds.has(row.seed));
  const shared = sharedSeeds(rows, arms);
  if (shared.size > 0) {
    return { rows: onSeeds(shared), text: `${seedsText(shared.size)} that all methods have` };
  }
  const text = "no seed that all methods have";
  const present = arms.filter((arm) => rows.some((row) => row.arm === arm));
  const seeds = sharedSeeds(rows, present);
  if (seeds.size > 0) {
    const lost = arms.filter((arm) => !present.includes(arm));
    return {
      ...{ rows: onSeeds(seeds), text },
      caution: `There is ${text}: no run of ${lost.join(" and ")} came to its end, and these are ` +
        `means over the ${seedsText(seeds.size)} that the other methods have.`,
    };
  }
  return {
    ...{ rows, text },
    caution:
      `There is ${text}: the mean of each method is over seeds of its own, with other held-out ` +
      "pairs, flips and batches, so that these means do not compare the methods.",
  };
}

function seedsText(count: number): string {
  return count === 1 ? "1 seed" : `${count} seeds`;
}
