/** A page for each recorded run, named by its hash, and their list. */
import { join } from "node:path";
import { metricNames, metrics, type MetricValues } from "../../../lib/metrics/metrics.ts";
import { numberText } from "../../../lib/figures/number_text.ts";
import { type Html, html } from "../../../lib/report/html.ts";
import { quantile } from "simple-statistics";
import type { StudyRecord } from "../../../lib/study/record.ts";
import { recordWarnings } from "../../../lib/study/warnings.ts";
import { curveSvg } from "./curve_svg.ts";
import { writePage } from "./page.ts";

/** Where a run stands in a study. */
export interface RunPlace {
  readonly study: string;
  readonly arm: string;
  readonly armLabel: string;
  readonly conditionLabel: string;
  readonly seed: number;
}

/** A run and the studies that share it. */
export interface SiteRun {
  readonly record: StudyRecord;
  readonly places: readonly RunPlace[];
}

/** Writes `runs.html` and `runs/<hash>.html`. */
export function writeRunPages(folder: string, runs: readonly SiteRun[]): void {
  Deno.mkdirSync(join(folder, "runs"), { recursive: true });
  for (const run of runs) {
    writePage(join(folder, "runs", `${run.record.hash}.html`), {
      title: `Run ${run.record.hash.slice(0, 12)}`,
      body: runBody(run),
      root: "../",
    });
  }
  writePage(join(folder, "runs.html"), { title: "Runs", body: listBody(runs) });
}

/** All metrics of iteration 0 (the SFT model) and of those after it. */
function measured({ sft, iterations, volatile }: StudyRecord): MetricValues[] {
  return [sft, ...iterations.map((each, i) => ({ ...each, ...volatile.iterations[i] }))];
}

function listBody(runs: readonly SiteRun[]): Html {
  const lines = runs.flatMap(({ record, places }) => {
    const last = measured(record).at(-1) ?? {};
    const found = places.length > 0 ? places : [undefined];
    return found.map((place) => [
      html`<a href="runs/${record.hash}.html">${record.hash.slice(0, 12)}</a>`,
      ...[place?.study, place?.armLabel, place?.conditionLabel, record.config.seed],
      ...[cell(last.gold), cell(last.kl), cell(record.volatile.seconds)],
    ]);
  });
  return html`<h1>Runs</h1>
<p>Recorded runs: ${runs.length}. Each has a page with its config, its metrics by iteration
and the command that does it again.</p>
${table(["run", "study", "arm", "condition", "seed", "gold reward", "KL", "seconds"], lines)}`;
}

function runBody({ record, places }: SiteRun): Html {
  const values = measured(record);
  const names = metricNames.filter((name) => values.some((each) => isNumber(each[name])));
  const curves = names.filter((name) => values.filter((each) => isNumber(each[name])).length > 1);
  const seconds = record.volatile.seconds;
  return html`<h1>Run ${record.hash.slice(0, 12)}</h1>
<p class="hash">${record.hash}</p>
${places.length === 0 ? html`<p>No published study plans this run.</p>` : places.map(placeHtml)}
<p>It took ${numberText(seconds)} s, evaluation included.${
    recordWarnings(record).map(({ iteration, signature }) =>
      html`
        <b>Iteration ${iteration}: ${signature}.</b>
      `
    )
  }</p>
<h2>Metrics by iteration</h2>
<div class="curves">${
    curves.map((name) => {
      const { label, unit } = metrics[name];
      const points = values.map((each) => each[name] ?? NaN);
      return html`<figure><figcaption>${label}${unit === "" ? "" : ` (${unit})`}</figcaption>${
        curveSvg(points)
      }</figure>`;
    })
  }</div>
${
    table(
      ["metric", "unit", "SFT", ...values.slice(1).map((_, i) => String(i + 1))],
      names.map((name) => [
        metrics[name].label,
        metrics[name].unit,
        ...values.map((each) => cell(each[name])),
      ]),
    )
  }
<h2>Samples of the last policy</h2>
${samplesHtml(record)}
<h2>Config</h2>
<pre>${JSON.stringify(record.config, null, 2)}</pre>
<h2>Environment</h2>
<pre>${JSON.stringify(record.volatile.environment, null, 2)}</pre>`;
}

function placeHtml({ study, arm, armLabel, conditionLabel, seed }: RunPlace): Html {
  return html`<p>Study <b>${study}</b>: ${armLabel}, ${conditionLabel}, seed ${seed}. All
runs of this arm, again:</p>
<pre>npx -y deno@2.9.6 task reproduce ${study} --preset full --arms ${arm} --out again</pre>`;
}

function samplesHtml({ samples: { gold, lengths } }: StudyRecord): Html {
  const line = (name: string, values: readonly number[]) => [
    name,
    ...[0, 0.25, 0.5, 0.75, 1].map((p) =>
      values.length === 0 ? "" : cell(quantile([...values], p))
    ),
  ];
  return html`<p>${lengths.length} prompts, ${
    String(lengths[0]?.length ?? 0)
  } samples each; least, quartiles and most over all samples.</p>
${
    table(["", "least", "25 %", "median", "75 %", "most"], [
      ...(gold === undefined ? [] : [line("gold reward", gold.flat())]),
      line("length (tokens)", lengths.flat()),
    ])
  }`;
}

function table(columns: readonly string[], lines: readonly (readonly Cell[])[]): Html {
  return html`
    <table>
      <thead>
        <tr>${columns.map((name) => html`<th>${name}</th>`)}</tr>
      </thead>
      <tbody>${lines.map((line) =>
        html`<tr>${line.map((each) => html`<td>${each}</td>`)}</tr>\n`
      )}</tbody>
    </table>
  `;
}

type Cell = Html | string | number | undefined;

const isNumber = (value: number | null | undefined): value is number =>
  typeof value === "number" && Number.isFinite(value);

function cell(value: number | null | undefined): string {
  if (!isNumber(value)) return "";
  return Number.isInteger(value) ? String(value) : numberText(value);
}
