import { formatDuration } from "../progress/format_progress.ts";
import type { RunRecord } from "./record.ts";
import { type Chart, drawCharts } from "./chart.ts";
import { type Html, html } from "./html.ts";
import { iterationCharts, timeChart } from "./iteration_charts.ts";
import { marginHistogram } from "./margin_histogram.ts";
import * as sections from "./sections.ts";
import { suspectCards } from "./suspect_cards.ts";
import { type Suspect, trustText } from "./suspects.ts";
import { stepCharts } from "./step_charts.ts";
import { page, section } from "./page.ts";
import { runFiles } from "./run_files.ts";
import { type Usage, usageSection } from "./usage.ts";
import type { GeneratedExample, SelectionSummary } from "./selection_summary.ts";

/** What a report is made of. */
export interface ReportInput {
  /** One line, for example `SeRA (dpo) of SmolLM2 on pairs.jsonl`. */
  readonly title: string;
  readonly record: RunRecord;
  /** Iterations that selected; none for the plain method. */
  readonly selections: readonly SelectionSummary[];
  /** The given pairs, the most doubtful first; none where no margin was taken. */
  readonly suspects: readonly Suspect[];
  /** Folds of cross-fitted margins; null: in-sample. */
  readonly crossFit: number | null;
  /** A few generated pairs; foreign text, shown as it is and never as markup. */
  readonly examples: readonly GeneratedExample[];
  readonly usage: Usage;
}

/**
 * The report of one run as one HTML file: it asks nothing of any server and opens from the disk;
 * its one script searches and sorts the pairs in doubt. The same input gives the same bytes.
 */
export async function renderReport(input: ReportInput): Promise<string> {
  const { title, record, selections, suspects, crossFit, examples, usage } = input;
  const { iterations, timings } = record;
  const trained = record.backend === null ? "by a trainer" : "here";
  const selected = selections.filter(({ margins }) => margins.length > 0);
  const subtitle = html`Finished ${timings.finishedAt}. Config <code>${
    record.configSha256.slice(0, 12)
  }</code>, result <code>${record.resultSha256.slice(0, 12)}</code>.`;
  const content = html`
    ${sections.headline(record)}
    ${section("Warnings", sections.warnings(record))}
    ${suspects.length === 0 ? "" : section(
      "Labels in doubt",
      suspectCards(suspects, trustText({ crossFit, iterations, trained }), "suspects.jsonl"),
    )}
    ${section("Training", await grid(stepCharts(record)))}
    ${section(
      "Iterations",
      html`${await grid(iterationCharts(iterations))}
${sections.iterationTable(record)}`,
    )}
    ${selected.length === 0 ? "" : section("Selection", await grid(selected.map(marginHistogram)))}
    ${examples.length === 0 ? "" : section("Pairs the policy wrote", sections.examples(examples))}
    ${section(
      "Time",
      html`${await grid([timeChart(timings.iterations)])}
${sections.keyValues(timeRows(record))}`,
    )}
    ${section("How to use the result", usageSection(usage))}
    ${section("Files of the run", sections.keyValues(runFiles(trained)))}
    ${section("Config", sections.configTable(record))}
    ${section("Data, code and machine", sections.provenance(record))}
  `;
  return page(title, subtitle, content);
}

async function grid(charts: readonly Chart[]): Promise<Html> {
  return charts.length === 0
    ? html`<p class="soft">Nothing was measured often enough to draw.</p>`
    : html`<div class="charts">${await drawCharts(charts)}</div>`;
}

function timeRows({ timings }: RunRecord): [string, string][] {
  const steps = timings.steps.toSorted((a, b) => a - b);
  const median = steps[steps.length >> 1];
  return [
    ["whole run", formatDuration(timings.seconds)],
    ["median optimiser step", median === undefined ? "no steps" : formatDuration(median)],
    [
      "processes",
      timings.processes === 1 ? "1" : `${timings.processes} (interrupted and continued)`,
    ],
  ];
}
