import type { ClaimResult } from "../../../lib/study/judge_claims.ts";
import type { StudyResults } from "../../../lib/study/open_study.ts";
import type { PairedDifference } from "../../../lib/statistics/paired_difference.ts";

/**
 * One line per claim: verdict and difference, and beside it the published difference with whether
 * the two agree: the mean of one lies inside the 95 % interval of the other. Claims without two
 * seeds are only counted.
 *
 * @param published the published study; absent where nothing is to be compared
 * @param smoke the numbers mean nothing: differences stand without a verdict
 */
export function verdictLines(
  opened: StudyResults,
  published?: StudyResults,
  smoke = false,
): string[] {
  const comparable = new Set(published?.plan.map(({ hash }) => hash));
  const shares = opened.plan.some(({ hash }) => comparable.has(hash));
  const byId = new Map(published?.verdicts.map((result) => [result.claim.id, result]));
  const lines = opened.verdicts.flatMap(({ claim, verdict, contrast }) => {
    if (contrast === undefined) return [];
    if (smoke) return [`  no verdict  ${claim.id}: ${claim.metric} ${differenceText(contrast)}`];
    const own = `  ${verdict.padEnd(10)}  ${claim.id}: ${claim.metric} ${differenceText(contrast)}`;
    const other = shares ? byId.get(claim.id)?.contrast : undefined;
    if (other === undefined) return [own];
    const agrees = contains(other, contrast.mean) || contains(contrast, other.mean);
    return [
      `${own}; published ${differenceText(other)}: ${agrees ? "agrees" : "does not agree"}`,
    ];
  });
  const untested = opened.study.claims.length - lines.length;
  return untested === 0
    ? lines
    : [...lines, `  ${untested} more claims need cells or seeds that were not run`];
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
export function differenceText({ mean, low, high }: PairedDifference): string {
  const signed = (value: number) => (value < 0 ? "-" : "+") + Math.abs(value).toFixed(3);
  return `${signed(mean)} [${signed(low)}, ${signed(high)}]`;
}

/** The same of a claim's result; of logarithms as a ratio: "x1.23 [x1.10, x1.38]". */
export function resultText({ claim, contrast }: ClaimResult): string {
  if (contrast === undefined) return "too few runs";
  if (claim.log !== true) return differenceText(contrast);
  const ratio = (value: number) => `x${Math.exp(value).toFixed(2)}`;
  return `${ratio(contrast.mean)} [${ratio(contrast.low)}, ${ratio(contrast.high)}]`;
}

function contains({ low, high }: PairedDifference, value: number): boolean {
  return low <= value && value <= high;
}
