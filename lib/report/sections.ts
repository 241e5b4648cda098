import { FAILURE_TEXT } from "./failure_text.ts";
import { type MetricName, metricNames, metrics, type MetricValues } from "../metrics/metrics.ts";
import type { RunRecord } from "./record.ts";
import type { GeneratedExample } from "./selection_summary.ts";
import { canonicalJson, type JsonValue } from "../files/canonical_json.ts";
import { formatDuration } from "../progress/format_progress.ts";
import { type Html, html } from "./html.ts";
import { cut } from "./suspect_cards.ts";

/** The figures a reader looks for first. */
export function headline(record: RunRecord): Html {
  const { iterations, timings, machine } = record;
  const change = (name: MetricName, digits: number) => {
    const values = iterations.flatMap((each) => each[name]?.toFixed(digits) ?? []);
    const [first = "not measured", last = first] = [values[0], values.at(-1)];
    return first === last ? first : `${first} → ${last}`;
  };
  const cards: [string, string][] = [
    [
      change("heldOutAccuracy", 3),
      `held-out accuracy, first and last iteration (n = ${record.data.heldOut} pairs)`,
    ],
    [change("heldOutMargin", 3), "held-out margin"],
    [change("heldOutChosenLogp", 1), "chosen log-probability, nats"],
    [formatDuration(timings.seconds), `for ${record.steps.length} optimiser steps`],
    [`${(machine.peakRssBytes / 2 ** 30).toFixed(1)} GiB`, "peak memory"],
  ];
  return html`<ul class="cards">${
    cards.map(([value, label]) => html`<li><b>${value}</b><span>${label}</span></li>`)
  }</ul>`;
}

/** Bootstrapping that gave too little, and warnings named by their failure signature. */
export function warnings(record: RunRecord): Html {
  const short = record.bootstrapping.flatMap(({ warning }) => warning ?? []);
  if (record.warnings.length + short.length === 0) {
    return html`<p class="soft">No failure signature was seen.</p>`;
  }
  return html`${
    short.map((text) => html`<p class="warning"><strong>few own pairs</strong>, ${text}.</p>`)
  }${
    record.warnings.map(({ signature, iteration, detail }) =>
      html`<p class="warning"><strong>${signature}</strong>, iteration ${iteration}: ${detail}. ${
        FAILURE_TEXT[signature]
      }</p>`
    )
  }`;
}

/** Names and values in two columns. */
export function keyValues(rows: readonly (readonly [string, string | number])[]): Html {
  return html`
    <table class="pairs">
      <tbody>${rows.map(([name, value]) =>
        html`
          <tr>
            <th scope="row">${name}</th>
            <td>${value}</td>
          </tr>
        `
      )}</tbody>
    </table>
  `;
}

/** The whole config, nested keys dotted. */
export function configTable(record: RunRecord): Html {
  return html`<div class="columns">${keyValues(flatten(record.config, ""))}</div>`;
}

function flatten(value: JsonValue, key: string): [string, string][] {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([name, inner]) =>
      flatten(inner as JsonValue, key === "" ? name : `${key}.${name}`)
    );
  }
  return [[key, typeof value === "string" ? value : canonicalJson(value)]];
}

/** Where data and code came from. */
export function provenance(record: RunRecord): Html {
  const { data, provenance: { commit, dirty, versions }, backend, machine } = record;
  const code = commit === null ? "no git clone" : commit + (dirty ? ", with changes" : "");
  return html`<div class="columns">${
    keyValues([
      ["pairs read", data.read],
      ["used for training", data.train],
      ["held out", data.heldOut],
      ...Object.entries(data.skippedFor).map(([reason, count]) =>
        [`skipped, with ${reason}`, count] as const
      ),
      ["dropped after tokenising", data.dropped],
      ["prompts and answers that were cut", data.truncated],
      ["mean chosen length, tokens", data.meanChosenTokens.toFixed(1)],
      ["mean rejected length, tokens", data.meanRejectedTokens.toFixed(1)],
      ["commit", code],
      ["suite", versions.suite],
      ["Deno, TensorFlow.js", `${versions.deno}, ${versions.tfjs}`],
      ...(backend === null ? [["model", "with a server and a trainer"] as const] : [
        ["backend", `${backend.backend} ${backend.tensorflowVersion} on ${backend.device}`],
        ["threads", backend.threads],
      ] as const),
      ["machine", `${machine.cpu}, ${machine.cores} cores, ${machine.os} ${machine.arch}`],
    ])
  }</div>`;
}

/** Every metric that was measured: the SFT model's in the first column, then each iteration's. */
export function iterationTable({ sft, iterations, data }: RunRecord): Html {
  const columns: readonly (readonly [string, MetricValues])[] = [
    ["SFT", sft],
    ...iterations.map((each, i) => [`iteration ${i + 1}`, each] as const),
  ];
  const names = metricNames.filter((name) =>
    columns.some(([, each]) => (each[name] ?? null) !== null)
  );
  const rows = names.map((name) => {
    const { label, unit, text } = metrics[name];
    const n = name === "heldOutAccuracy" ? `, n = ${data.heldOut}` : "";
    return html`<tr><th scope="row">${label} <span class="soft">${unit}${n}</span></th>${
      columns.map(([, each]) => html`<td class="number">${cell(each[name], unit)}</td>`)
    }<td class="soft meaning">${text}</td></tr>`;
  });
  return html`
    <div class="scroll">
      <table class="metrics">
        <thead>
          <tr><th scope="col">metric</th>${columns.map(([head]) =>
            html`<th scope="col" class="number">${head}</th>`
          )}<th scope="col" class="meaning">meaning</th></tr>
        </thead>
        <tbody>${rows}</tbody>
      </table>
    </div>
  `;
}

function cell(value: number | null | undefined, unit: string): string {
  return value === null || value === undefined ? "–" : figure(value, unit);
}

/** A number as tables show it: counts as whole numbers, all else with three decimals, or one. */
export function figure(value: number, unit = ""): string {
  if (unit === "pairs" && Number.isInteger(value)) return String(value);
  return value.toFixed(unit === "tokens" || Math.abs(value) >= 100 ? 1 : 3);
}

/** Pairs that the policy wrote, as they are. */
export function examples(list: readonly GeneratedExample[]): Html {
  return html`${
    list.map((each) =>
      html`
        <article>
          <p class="soft">Iteration ${each.iteration}, prompt</p>
          <div class="model"
            dir="auto">${cut(each.prompt)}</div>
          <div class="sides">${([["Chosen", each.chosen, each.chosenReward], [
            "Rejected",
            each.rejected,
            each.rejectedReward,
          ]] as const).map(([side, text, reward]) =>
            html`
              <div>
                <h3>${side} <span class="soft">reward ${figure(reward)}</span></h3>
                <div class="model" dir="auto">${cut(text)}</div>
              </div>
            `
          )}</div>
        </article>
      `
    )
  }`;
}
