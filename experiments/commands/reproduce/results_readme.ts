import { FAILURE_THRESHOLDS } from "../../../lib/metrics/failure_signatures.ts";
import { metricNames, metrics } from "../../../lib/metrics/metrics.ts";
import { RESAMPLES } from "../../../lib/statistics/bootstrap_t.ts";
import { RESAMPLED, SKEWED } from "../../../lib/statistics/paired_difference.ts";
import {
  claimPower,
  ENOUGH_POWER,
  powerCells,
  powerColumns,
  underpowered,
} from "../../../lib/study/claim_power.ts";
import type { ClaimResult } from "../../../lib/study/judge_claims.ts";
import type { StudyResults } from "../../../lib/study/open_study.ts";
import { verdictTableName } from "../../../lib/study/tables.ts";
import { paddedTable } from "../padded_table.ts";
import { resultText } from "./headline.ts";

/** `results/README.md`: all verdicts; every file, column and unit; the command that makes them. */
export function resultsReadme(opened: readonly StudyResults[]): string {
  const claims = paddedTable(
    [
      ...["study", "claim", "difference, 95 % interval", "seeds", "collapsed", "verdict"],
      ...powerColumns,
    ],
    opened.flatMap(({ study, verdicts }) =>
      verdicts.map((result) => [
        `[${study.id}](tables/${verdictTableName(study.id, result)}.md)`,
        result.claim.text,
        resultText(result),
        `${result.contrast?.n ?? 0}`,
        collapsedText(result),
        result.verdict,
        ...powerCells(result),
      ])
    ),
  );
  const metricTable = paddedTable(
    ["metric", "unit", "better", "meaning"],
    metricNames.map((name) => {
      const { unit, text, better = "", volatile } = metrics[name];
      const whole = text + (volatile ? " (differs between two runs)" : "");
      return [`\`${name}\``, unit, better, whole.replaceAll("|", "\\|")];
    }),
  );
  const names = opened.map(({ study, plan, missing }) => {
    const done = plan.length - missing.length;
    const runs = missing.length === 0
      ? `all ${done} runs`
      : `${done} of ${plan.length} runs so far`;
    return `- \`${study.id}\`: ${study.title}; ${runs}.`;
  }).join("\n");
  return `# Published results

Made by \`npx -y deno@2.9.6 task reproduce --preset full --publish\`, which goes on where runs are
missing. Finished runs are never repeated; \`--tables\` makes the tables again from the records, byte
for byte. Do not edit these files.

${names}

## Claims

Each was written down as a metric, a contrast, a direction and a smallest effect that matters before
the runs ([the plan](../experiments/plan.md)). The claims of the first studies in the small
language are one family for Holm's correction, those of the study that followed them another, and
those of a pretrained model a third. A claim is judged on the seeds of
its plan alone, on those of them that are there; figures and notebooks use every seed that both arms
have, and some cells have more than a claim planned. Each has one of four verdicts:

- _negligible_: two one-sided tests (TOST) show the difference to be within the smallest effect,
  corrected p below 0.05, whatever its sign;
- _supported_: else, it has the claimed sign and a corrected p below 0.05; a claim of no difference is
  supported where those two tests are;
- _reversed_: else, it has the other sign and a corrected p below 0.05; of a claim of no difference:
  a corrected p below 0.05 and a mean beyond the smallest effect;
- _undecided_: all else.

Differences are an arm's metric minus its baseline's, paired by seed; times are ratios. Intervals and
p-values are those of the paired t test, or of a studentised bootstrap of ${RESAMPLES} resamples where
at least ${RESAMPLED} differences have a sample skewness beyond ${SKEWED}. Intervals are not
corrected: one may leave 0 out where its claim is undecided. _Collapsed_ are shares of the seeds
that did so in any iteration, even where they came back, the arm's against the baseline's. Every
other contrast in tables, figures and notebooks is exploratory: it has an interval and no verdict.

${powerText(opened.flatMap(({ verdicts }) => verdicts))}

${claims}
## \`records/<study>.jsonl\`

One line per run. \`hash\`: SHA-256 of \`config\`, which is all that the run depends on. \`sft\`: metrics of
the SFT model. \`iterations\`: metrics after each iteration, the first first. \`samples\`: gold rewards and
lengths (tokens) of the last policy's samples, \`[prompt][sample]\`. \`warnings\`: failure signatures with
their first iteration, as they were defined at the time; tables find them anew in the metrics.
\`volatile\`: times, commit, versions and machine, the only part that differs between two runs of one
config. \`seal\`: SHA-256 of all the rest; a line that was changed is refused. Runs that several studies
share stand in each one's file. A file of 4 MiB is full: the study goes on in \`<study>.2.jsonl\`.

## \`tables/\`

CSV; those short enough to read as Markdown too.

- \`<study>_summary\`: mean of a metric with its 95 % t interval (\`low\`, \`high\`), by condition, arm and
  iteration (0 is the SFT model), over all \`seeds\` of the cell; \`mean_shared\` is over the
  \`seeds_shared\` that all arms of the condition have. Seeds differ more than arms do: means over
  other seeds are not to be subtracted from each other; verdicts and figures pair by seed.
- \`<study>_verdicts\`: the claims above. \`method\`: \`t\` or \`bootstrap-t\`; \`holm_p\`, \`equivalence_p\`:
  p-values of a difference and of equivalence, each after Holm's correction; \`arm_collapsed\`,
  \`baseline_collapsed\`: shares of the seeds that collapsed; \`smallest_effect\`: differences below it do
  not matter; \`planned_sd\`, \`sd\`: of the differences, in exploration and found; \`planned_power\`,
  \`power\`: with these, at the smallest effect and before Holm's correction.
- \`<study>_win_rates\`: win rate by gold reward of an arm against the condition's first arm, ties half,
  over all pairs of samples to one prompt; \`length_controlled\` is what is left at equal length.
- \`<study>_failures\`: how many seeds showed each failure signature.
${failureText}
- \`<study>_times*\`: seconds; they change whenever runs are made again.

## \`figures/\`

What the executed notebooks show, byte for byte.

## Metrics

${metricTable}`;
}

/** How far the power that the plan told is from the power with the spread found. */
function powerText(results: readonly ClaimResult[]): string {
  const explored = results.map(claimPower).flatMap(({ plannedSd, sd }) =>
    plannedSd === null || sd === null ? [] : [sd / plannedSd]
  );
  const twice = explored.filter((ratio) => ratio >= 2);
  const undecided = results.filter(({ verdict }) => verdict === "undecided");
  return `_SD_ is that of the paired differences, in the three exploratory seeds that the plan rests on and
found on the planned seeds; _power_ is the chance of a two-sided t test at 5 %, before Holm's
correction, to see the smallest effect with it. Three seeds told too little: ${twice.length} of ${explored.length} claims that
were explored have at least twice the planned SD. Of ${undecided.length} undecided claims ${
    underpowered(undecided).length
  } have a power below
${Math.round(100 * ENOUGH_POWER)} %: such a verdict is no evidence that an effect is small.`;
}

/** Shares of the seeds that collapsed; empty where none did, or nothing is compared. */
function collapsedText({ contrast }: ClaimResult): string {
  if (contrast === undefined || contrast.collapsed + contrast.baselineCollapsed === 0) return "";
  return `${percent(contrast.collapsed)} against ${percent(contrast.baselineCollapsed)}`;
}

const percent = (share: number) => `${Math.round(100 * share)} %`;

const limit = FAILURE_THRESHOLDS;
const failureText = `  - _collapse_: different bigrams below ${
  percent(limit.distinct2Share)
} or valid responses below
    ${percent(limit.validShare)} of the SFT model's, more than ${
  percent(limit.repetitionRate)
} repeated bigrams, or
    ${
  percent(limit.truncationRate)
} more unfinished responses than the SFT model has, in any iteration;
  - _decline_: gold reward more than ${limit.scoreDrop} below the run's best;
  - _train-held-out-gap_: the held-out loss rises more than ${limit.heldOutRise} nats and
    ${percent(limit.heldOutRiseShare)} above its best while the training loss falls;
  - _irm-uniformly-low_: after an iteration nine margins in ten are below ${limit.marginP90}.`;
