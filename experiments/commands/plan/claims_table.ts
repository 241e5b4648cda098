import { metrics } from "../../../lib/metrics/metrics.ts";
import { pairedPower, seedsForPower } from "../../../lib/statistics/power.ts";
import type { Claim } from "../../../lib/study/claim.ts";
import type { Study } from "../../../lib/study/study.ts";
import type { Marks } from "../marked_part.ts";
import { paddedTable } from "../padded_table.ts";

/** What the claims of `experiments/plan.md` stand between. */
export const CLAIMS: Marks = {
  begin: "<!-- claims: written by experiments/commands/plan/main.ts, do not edit -->",
  end: "<!-- end of claims -->",
};

/** The same for what the first studies left open, a family of its own. */
export const FOLLOW_UP_CLAIMS: Marks = {
  begin: "<!-- claims that followed: written by experiments/commands/plan/main.ts, do not edit -->",
  end: "<!-- end of the claims that followed -->",
};

/** The same for the studies of a pretrained model, a family of their own. */
export const REAL_CLAIMS: Marks = {
  begin: "<!-- claims of a pretrained model: written by experiments/commands/plan/main.ts -->",
  end: "<!-- end of the pretrained model's claims -->",
};

/** Standard deviation of one response's gold reward about its policy's mean, in the small language. */
export const RESPONSE_SD = 0.8;
/** The same in controlled sentiment: of the SFT model's own responses on seed 100. */
export const SENTIMENT_SD = 0.34;

/** What of a study the plan tells. */
export type PlannedStudy = Pick<Study, "id" | "claims" | "firstSeed">;

/**
 * The claims of all studies, one Holm family, as a Markdown table: what is compared, the smallest
 * effect that matters, and the seeds with what they were chosen from. `n for 80 %` and `power` are
 * those of a two-sided paired t test at 5 %, before the correction.
 *
 * @param responseSd standard deviation of one response's gold reward
 */
export function claimsTable(
  studies: readonly PlannedStudy[],
  responseSd: number = RESPONSE_SD,
): string {
  const rows = studies.flatMap(({ id, claims, firstSeed = 0 }) =>
    claims.map((claim) => [
      ...[id, `\`${claim.id}\``, claim.text, `\`${claim.metric}\`${iterations(claim)}`],
      ...[`\`${claim.condition}\``, `\`${claim.arm}\` - \`${claim.baseline}\``, claim.direction],
      ...[effectText(claim, responseSd), ...powerTexts(claim)],
      `${firstSeed} to ${firstSeed + claim.seeds - 1}`,
    ])
  );
  return paddedTable([
    ...["study", "id", "claim", "metric", "condition", "contrast", "direction"],
    ...["smallest effect", "exploratory SD", "n for 80 %", "n", "power", "seeds"],
  ], rows);
}

/**
 * The lines of a table of claims, sorted, without padding: two tables with the same lines say the
 * same, as the order of studies, that of their notebooks, claims nothing.
 */
export function claimLines(table: string): string[] {
  return table.trim().split("\n").map((line) =>
    line.split("|").map((cell) => cell.trim().replace(/^-+$/, "-")).join("|")
  ).sort();
}

/** ", iteration 3 against 2" where a claim is not about the last iteration of both. */
function iterations({ iteration, baselineIteration = iteration }: Claim): string {
  if (iteration === undefined) return "";
  return `, iteration ${iteration}` +
    (baselineIteration === iteration ? "" : ` against ${baselineIteration}`);
}

/** "0.05 reward (6 % of 0.8)", "a factor of 1.25". */
function effectText(
  { metric, smallestEffect, log = false }: Claim,
  responseSd: number,
): string {
  if (log) return `a factor of ${number(Math.exp(smallestEffect))}`;
  const { unit, gold } = metrics[metric];
  const share = gold === true && unit === "reward"
    ? ` (${Math.round(100 * smallestEffect / responseSd)} % of ${responseSd})`
    : "";
  return `${number(smallestEffect)}${unit === "" ? "" : ` ${unit}`}${share}`;
}

/** Exploratory SD, n for 80 % power, n and its power; a dash where nothing was explored. */
function powerTexts({ exploratorySd: sd, smallestEffect, seeds }: Claim): string[] {
  if (sd === undefined || sd === 0) return ["-", "-", `${seeds}`, "-"];
  const power = pairedPower(seeds, sd, smallestEffect);
  return [
    number(sd),
    `${seedsForPower(sd, smallestEffect)}`,
    `${seeds}`,
    `${Math.floor(100 * power)} %`,
  ];
}

function number(value: number): string {
  return String(Number(value.toPrecision(3)));
}
