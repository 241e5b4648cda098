import { type MetricName, metricText, studyMetrics } from "../../lib/results/study_metrics.ts";
import { tableMarkdown } from "../../lib/results/study_tables.ts";
import type { Study } from "../studies/study.ts";

/** How many of a study's runs have a record. */
export interface Coverage {
  readonly done: number;
  readonly planned: number;
}

/** `results/README.md`: every file, column and unit, and the command that makes them. */
export function resultsReadme(coverage: ReadonlyMap<Study, Coverage>): string {
  const metrics = tableMarkdown({
    columns: ["metric", "unit", "meaning"],
    rows: (Object.keys(studyMetrics) as MetricName[]).map((name) => {
      const { unit, text, volatile } = metricText(name);
      return [`\`${name}\``, unit, text + (volatile ? " (differs between two runs)" : "")];
    }),
  });
  const names = [...coverage].map(([study, { done, planned }]) => {
    const runs = done === planned ? `all ${planned} runs` : `${done} of ${planned} runs so far`;
    return `- \`${study.id}\`: ${study.title}; ${runs}.`;
  }).join("\n");
  return `# Published results

Made by \`npx -y deno@2.9.6 task reproduce --preset full --publish\`, which goes on where runs are
missing. Finished runs are never repeated;
\`--tables\` makes the tables again from the records, byte for byte. Do not edit these files.

Studies:

${names}

## \`records/<study>.jsonl\`

One line a run. \`hash\`: SHA-256 of \`spec\`, which is all that the run depends on. \`sft\`: metrics of the
SFT model. \`iterations\`: metrics after each iteration, the first first. \`samples\`: gold rewards and
lengths (tokens) of the last policy's samples, \`[prompt][sample]\`. \`warnings\`: failure signatures with
their first iteration, as they were defined at the time; tables find them anew in the metrics.
\`volatile\`: times, commit, versions and machine, the only part that differs between two runs of one
spec. Runs that several studies share stand in each one's file.

## \`tables/\`, each as CSV and Markdown

Cells that a claim compares, and in the noise study those shown beside them, have ten seeds; the
others and the cost study have five.

- \`<study>_summary\`: mean of a metric with its 95 % t interval (\`low\`, \`high\`), by condition, arm and
  iteration (0 is the SFT model), over the \`seeds\` that all arms of the condition have: seeds differ more
  than arms do. Figures of means use the seeds that all
  arms they show have, figures of differences every pair of seeds.
- \`<study>_verdicts\`: each claim written down before the runs. \`difference\`: arm minus baseline, paired
  by seed, with its 95 % t interval. \`holm_p\`: p-value of the paired t test after Holm's correction over
  the study's claims. \`smallest_effect\`: differences below it do not matter. A claim \`holds\` where the
  difference has the claimed sign and \`holm_p\` is below 0.05; it \`does not hold\` where the interval
  leaves no room for the smallest effect; all else is \`undecided\`.
- \`<study>_win_rates\`: win rate by gold reward of an arm against the condition's first arm, ties half,
  over all pairs of samples to one prompt; \`length_controlled\` is what is left at equal length.
- \`<study>_failures\`: how many seeds showed each failure signature.
- \`<study>_times*\`: seconds; they change whenever runs are made again.

## Metrics

${metrics}`;
}
