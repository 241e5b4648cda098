import { fingerprintJson } from "../../../lib/files/fingerprint.ts";
import { metrics } from "../../../lib/metrics/metrics.ts";
import type { ClaimResult } from "../../../lib/study/judge_claims.ts";
import type { StudyResults } from "../../../lib/study/open_study.ts";
import { partedSeeds, partedText, samplesMark } from "../../../lib/study/parted_seeds.ts";
import type { StudyRecord } from "../../../lib/study/record.ts";
import type { PairedDifference } from "../../../lib/statistics/paired_difference.ts";

/** What a study is compared with. */
export interface PublishedStudy {
  /** All of it. */
  readonly all: StudyResults;
  /** The cells and seeds that were run here. */
  readonly same: StudyResults;
}

/**
 * One line per claim: verdict and difference, and beside it the published differences, of all seeds
 * and of the same, with whether the latter agrees: the mean of one lies inside the 95 % interval of
 * the other. Then how many runs have the published numbers. Claims without two seeds are only
 * counted.
 *
 * @param published absent where nothing is to be compared
 * @param smoke the numbers mean nothing: differences stand without a verdict
 */
export function verdictLines(
  opened: StudyResults,
  published?: PublishedStudy,
  smoke = false,
): string[] {
  const comparable = new Set(published?.all.plan.map(({ hash }) => hash));
  const shares = opened.plan.some(({ hash }) => comparable.has(hash));
  const [all, same] = [contrastsOf(published?.all), contrastsOf(published?.same)];
  const lines = opened.verdicts.flatMap(({ claim, verdict, contrast }) => {
    if (contrast === undefined) return [];
    if (smoke) return [`  no verdict  ${claim.id}: ${claim.metric} ${differenceText(contrast)}`];
    const own = `  ${verdict.padEnd(10)}  ${claim.id}: ${claim.metric} ${differenceText(contrast)}`;
    const whole = shares ? all.get(claim.id) : undefined;
    if (whole === undefined) return [own];
    const part = same.get(claim.id);
    const other = part ?? whole;
    const agrees = contains(other, contrast.mean) || contains(contrast, other.mean);
    return [
      `${own}; published ${differenceText(whole)}` +
      (part === undefined ? "" : `, of these seeds ${differenceText(part)}`) +
      `: ${agrees ? "agrees" : "does not agree"}`,
    ];
  });
  const untested = opened.study.claims.length - lines.length;
  return [
    ...lines,
    ...(untested === 0 ? [] : [`  ${untested} more claims need cells or seeds that were not run`]),
    ...(published === undefined ? [] : sameNumbers(opened, published.same)),
  ];
}

function contrastsOf(study: StudyResults | undefined): Map<string, PairedDifference | undefined> {
  return new Map(study?.verdicts.map(({ claim, contrast }) => [claim.id, contrast]));
}

/**
 * How many of the runs that are published have the published numbers, all digits of all metrics. Of
 * the others: how many met other data, and by how much held-out losses differ on the same data.
 */
function sameNumbers(opened: StudyResults, { records }: StudyResults): string[] {
  const numbers = ({ sft, iterations, samples }: StudyRecord) =>
    fingerprintJson([sft, iterations, samples]);
  const pairs = [...opened.records.values()].flatMap((own) => {
    const other = records.get(own.hash);
    return other === undefined ? [] : [[own, other] as const];
  });
  if (pairs.length === 0) return [];
  const unequal = pairs.filter(([own, other]) => numbers(own) !== numbers(other));
  const rounded = unequal.filter(([own, other]) => samplesMark(own) === samplesMark(other));
  const resampled = unequal.length - rounded.length;
  const apart = Math.max(0, ...rounded.map(([own, other]) => lossesApart(own, other)));
  return [
    `  ${pairs.length - unequal.length} of ${pairs.length} published runs have the same numbers ` +
    `here, digit for digit` +
    (unequal.length === 0 ? "" : "; another processor rounds differently"),
    ...(rounded.length === 0 ? [] : [
      `  ${rounded.length} met the same data: held-out losses differ by ` +
      `${(100 * apart).toPrecision(1)} % at most`,
    ]),
    ...(resampled === 0 ? [] : [
      `  ${resampled} met other data, as pairs are sampled and other tokens follow from one other ` +
      `digit: new replicates, to be compared by their intervals`,
    ]),
  ];
}

/** The largest relative difference of their held-out losses. */
function lossesApart(own: StudyRecord, other: StudyRecord): number {
  return Math.max(
    0,
    ...own.iterations.map(({ heldOutLoss: a }, i) => {
      const b = other.iterations[i]?.heldOutLoss;
      return typeof a !== "number" || typeof b !== "number" ? 0 : Math.abs(a - b) / Math.abs(b);
    }),
  );
}

/** A line on seeds that are not paired; nothing where all are. */
export function partedLines({ plan, records }: Pick<StudyResults, "plan" | "records">): string[] {
  const text = partedText(partedSeeds(plan, records));
  return text === "" ? [] : [`  warning: ${text}`];
}

/** What stands before everything that a smoke run gives. */
export const SMOKE = "a smoke run: numbers mean nothing";

/**
 * Which planned runs have no record, by arm, and the command that does them; nothing where all have.
 *
 * @param options of the command that does the runs where these were looked for
 * @param publish the command does whole studies
 */
export function missingLines(
  { study, plan, missing }: Pick<StudyResults, "study" | "plan" | "missing">,
  options: string,
  publish = false,
): string[] {
  if (missing.length === 0) return [];
  const arms = Map.groupBy(missing, (run) => run.arm);
  const named = [...arms].map(([arm, runs]) => `${arm} (${runs.length})`).join(", ");
  return [
    `  ${plan.length - missing.length} of ${plan.length} runs have their record; missing: ${named}`,
    `  npx -y deno@2.9.6 task reproduce ${study.id} ${options}` +
    (publish ? "" : ` --arms ${[...arms.keys()].join(",")}`),
  ];
}

/** "+0.230 [+0.160, +0.300]": mean and 95 % interval, in ASCII for terminals and padded tables. */
export function differenceText(difference: PairedDifference): string {
  return written(difference, (value) => (value < 0 ? "-" : "+") + Math.abs(value).toFixed(3));
}

/** The same of a claim's result, with its unit; of logarithms as a ratio: "x1.23 [x1.10, x1.38]". */
export function resultText({ claim, contrast }: ClaimResult): string {
  if (contrast === undefined) return "too few runs";
  if (claim.log !== true) {
    return `${differenceText(contrast)} ${metrics[claim.metric].unit}`.trimEnd();
  }
  return written(contrast, (value) => `x${Math.exp(value).toFixed(2)}`);
}

/** A mean with its interval, or alone where equal seeds give none. */
function written({ mean, low, high }: PairedDifference, text: (value: number) => string): string {
  return Number.isNaN(low) ? text(mean) : `${text(mean)} [${text(low)}, ${text(high)}]`;
}

function contains({ low, high }: PairedDifference, value: number): boolean {
  return low <= value && value <= high;
}
