import { FAILURE_TEXT } from "./failure_text.ts";
import { failureSignatures } from "../metrics/failure_signatures.ts";
import { type MetricName, metrics } from "../metrics/metrics.ts";
import { meanWithInterval } from "../statistics/intervals.ts";
import type { StudyResults } from "../study/open_study.ts";
import type { StudyRow } from "../study/rows.ts";
import { drawCharts } from "./chart.ts";
import { comparedRows } from "./compared_rows.ts";
import { methodCurves } from "./comparison_charts.ts";
import { comparedMetrics, type Difference, noDifferences } from "./differences.ts";
import { type Html, html } from "./html.ts";
import { type JudgedReport, judgedSection } from "./judged_methods.ts";
import { page, section } from "./page.ts";
import { figure, keyValues } from "./sections.ts";

/** What the report of a comparison is made of. */
export interface ComparisonInput {
  /** The options as the user sees them. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Its rows and records. */
  readonly opened: StudyResults;
  /** Of every method from the first one. */
  readonly differences: readonly Difference[];
  /** Held-out pairs of one seed. */
  readonly heldOut: number;
  /** What a judge says; undefined without one. */
  readonly judged?: JudgedReport | undefined;
}

/** The report of a comparison as one HTML file. The same input gives the same bytes. */
export async function renderComparison(input: ComparisonInput): Promise<string> {
  const { opened, differences, options, heldOut, judged } = input;
  const { rows, text, caution } = comparedRows(opened);
  const note = caution === undefined ? "" : html`<p class="warning">${caution}</p>`;
  const arms = opened.study.arms.map(({ id }) => id);
  const seeds = new Set(rows.map((row) => row.seed)).size;
  const last = rows.filter((row) => row.last);
  const audited = last.some((row) => (row.flippedAll ?? null) !== null);
  const done = opened.plan.length - opened.missing.length;
  const subtitle =
    html`${done} of ${opened.plan.length} runs; ${text}; about ${heldOut} held-out pairs a seed.`;
  const answer = differences.filter(({ metric }) => metric === "heldOutAccuracy");
  const curves: MetricName[] = ["heldOutAccuracy", "heldOutMargin", "kl", "length"];
  const content = html`${
    section(
      "Which method is better here",
      html`${
        answer.length === 0
          ? html`<p class="soft">${noDifferences(opened)}</p>`
          : html`<ul class="cards">${
            answer.map((each) =>
              html`<li><b>${each.verdict}</b><span>${each.label}: held-out accuracy ${each.text}, n =
about ${heldOut} pairs a seed</span></li>`
            )
          }</ul>`
      }<p>A difference is shown where its p-value, corrected for the number of methods (Holm), is below
0.05; seeds that all differ by exactly the same have no spread to test it by. 95 % intervals over
seeds (t; bootstrap-t where skewed): a seed draws other held-out pairs,
flips and batches of the same file, so they say how a repetition on this file would differ, not other
data.
${seeds < 5 ? "With few seeds only large differences show: raise --seeds." : ""}</p>
${answer.length === 0 ? "" : caveat(judged !== undefined)}`,
    )
  }${judged === undefined ? "" : section("Judged win rates", judgedSection(judged))}${
    differences.length === 0 ? "" : section("Differences", differenceTable(differences))
  }${
    section(
      "Means after the last iteration",
      html`${note}${meanTable(last, arms, comparedMetrics(opened))}`,
    )
  }${
    audited
      ? section(
        "Flipped labels",
        html`<p>Which training labels were flipped is known: a method that finds them keeps fewer than there
are. Flips kept are of the pairs as given: <code>relabel</code> keeps every pair, and swaps labels.</p>${note}
${meanTable(last, arms, ["flippedAll", "flippedSelected", "marginAuc"])}`,
      )
      : ""
  }${
    section(
      "Over iterations",
      html`${note}<div class="charts">${await drawCharts(
        curves.flatMap((metric) => methodCurves(rows, metric)),
      )}</div>`,
    )
  }${section("Warnings", warnings(opened))}${
    section(
      "Options",
      html`<div class="columns">${
        keyValues(
          Object.entries(options).filter(([, value]) => value !== undefined)
            .map(([name, value]) => [name, String(value)]),
        )
      }</div>`,
    )
  }`;
  return page(`Comparison of ${arms.join(", ")}`, subtitle, content);
}

/** What held-out accuracy is not, and what decides. */
function caveat(judged: boolean): Html {
  return html`<p>Held-out accuracy is agreement with the labels of given responses. Answers may get better
while it falls: in this suite's small language, where the true reward is known, most methods that gain
reward on their loss lose accuracy. ${
    judged
      ? "Where they differ, go by the judged win rates."
      : "--answer-judge has the answers themselves compared: go by that."
  }</p>`;
}

function differenceTable(differences: readonly Difference[]): Html {
  return html`
    <div class="scroll">
      <table class="stacked">
        <thead>
          <tr>
            <th scope="col">metric</th>
            <th scope="col">methods</th>
            <th scope="col" class="number">difference, 95 % interval</th>
            <th scope="col" class="number">Holm p</th>
            <th scope="col">says</th>
          </tr>
        </thead>
        <tbody>${differences.map((each) =>
          html`
            <tr>
              <th scope="row">${metrics[each.metric].label}
            <span class="soft">${metrics[each.metric].unit}</span></th>
              <td data-label="methods">${each.label}</td>
              <td class="number" data-label="difference">${each.text}</td>
              <td class="number" data-label="Holm p">${each.adjustedP.toFixed(3)}</td>
              <td data-label="says">${each.verdict}</td>
            </tr>
          `
        )}</tbody>
      </table>
    </div>
  `;
}

/** Mean and standard deviation over seeds, a row a metric. */
function meanTable(
  last: readonly StudyRow[],
  arms: readonly string[],
  shown: readonly MetricName[],
): Html {
  const cell = (metric: MetricName, arm: string) => {
    const values = last.filter((row) => row.arm === arm).flatMap((row) => row[metric] ?? []);
    if (values.length === 0) return "–";
    const { mean, sd, n } = meanWithInterval(values);
    return n === 1 ? figure(mean, metrics[metric].unit) : `${figure(mean)} ± ${figure(sd)} (${n})`;
  };
  return html`
    <div class="scroll">
      <table class="stacked">
        <thead>
          <tr><th scope="col">metric</th>${arms.map((arm) =>
            html`<th scope="col" class="number">${arm}</th>`
          )}</tr>
        </thead>
        <tbody>${shown.map((metric) =>
          html`<tr><th scope="row">${metrics[metric].label}
<span class="soft">${metrics[metric].unit}</span></th>${
            arms.map((arm) =>
              html`<td class="number" data-label="${arm}">${cell(metric, arm)}</td>`
            )
          }</tr>`
        )}</tbody>
      </table>
    </div>
    <p class="soft">Mean ± standard deviation over seeds (how many).</p>
  `;
}

/** Runs without a result and failure signatures by method, and methods with too few own pairs. */
function warnings({ study, plan, missing, rows }: StudyResults): Html {
  const seen = study.arms.flatMap(({ id: arm }) => {
    const ended = rows.filter((row) => row.arm === arm && row.last);
    const lost = missing.filter((run) => run.arm === arm).map(({ seed }) => seed);
    const planned = plan.filter((run) => run.arm === arm).length;
    const few = ended.filter(({ ownShare, onPolicyPairs, offlinePairs, keep }) => {
      const given = (offlinePairs ?? 0) / (keep ?? 1);
      return ownShare > 0 && (onPolicyPairs ?? 0) < ownShare * given / 2;
    }).length;
    return [
      ...(lost.length === 0 ? [] : [
        html`<p class="warning"><strong>${arm}</strong>: ${lost.length} of ${planned} runs did not come to
an end (seed${lost.length === 1 ? "" : "s"} ${
          lost.join(", ")
        }): the messages of the command say why,
and the same command does them again.</p>`,
      ]),
      ...(few === 0 ? [] : [
        html`<p class="warning"><strong>${arm}</strong>: bootstrapping gave less than half of the pairs
wanted in ${few} of ${ended.length} seeds, so it trains on nearly the given pairs alone: raise --max-new-tokens,
--responses or --temperature.</p>`,
      ]),
      ...failureSignatures.flatMap((signature) => {
        const count = ended.filter((row) => row.warnings.includes(signature)).length;
        return count === 0
          ? []
          : [html`<p class="warning"><strong>${arm}</strong>: ${signature} in ${count} of
${ended.length} seeds. ${FAILURE_TEXT[signature]}</p>`];
      }),
    ];
  });
  return seen.length === 0
    ? html`<p class="soft">No failure signature was seen.</p>`
    : html`${seen}`;
}
