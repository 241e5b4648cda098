import type { JudgedMethod } from "../judges/judged_methods.ts";
import type { Table } from "../study/table.ts";
import { type Html, html } from "./html.ts";

/** What a judge says about the methods of a comparison. */
export interface JudgedReport {
  /** The judge, in words. */
  readonly judge: string;
  readonly methods: readonly JudgedMethod[];
  /** What it took, in a line. */
  readonly text: string;
}

/** The win rates for the report. */
export function judgedSection({ judge, methods, text }: JudgedReport): Html {
  const head = ["win rate", "Holm p", "length-controlled", "orders agree", "answers", "says"];
  return html`
    <p>Answers of the last policies to held-out prompts, judged by ${judge} against those of the first
    method with the same seed. A model that judges sees them in both orders; ties, and orders that
    disagree, count half. Scores of single answers know no order: both agree by construction.</p>
    <div class="scroll">
      <table class="stacked">
        <thead>
          <tr><th scope="col">method</th>${head.map((name) =>
            html`<th scope="col" class="number">${name}</th>`
          )}</tr>
        </thead>
        <tbody>${methods.map(({ arm, baseline, adjustedP, summary, text, verdict }) =>
          html`
            <tr>
              <th scope="row">${arm}<span class="soft"> against ${baseline}</span></th>
              ${[
                ...[text, adjustedP.toFixed(3), control(summary.lengthControlled)],
                ...[percent(summary.agreement), `${summary.comparisons}`, verdict],
              ].map((cell, i) =>
                html`<td class="number" data-label="${head[i] ?? ""}">${cell}</td>`
              )}
            </tr>
          `
        )}</tbody>
      </table>
    </div>
    <p
      class="soft">Win rates with 95 % intervals over seeds. Length-controlled as in AlpacaEval 2 (without its instruction difficulties, so
    that it has no standard error), all seeds together. ${unjudged(methods)}${text}.</p>
  `;
}

/** The win rates as a table of a file. */
export function judgedTable(methods: readonly JudgedMethod[]): Table {
  return {
    columns: [
      ...["method", "baseline", "win_rate", "low", "high", "holm_p", "seeds", "comparisons"],
      ...["standard_error", "lc_win_rate", "agreement", "unjudged", "verdict"],
    ],
    rows: methods.map(({ arm, baseline, difference, adjustedP, summary, verdict }) => [
      ...[arm, baseline, 0.5 + difference.mean, ...[difference.low, difference.high].map(rateOf)],
      ...[adjustedP, difference.n, summary.comparisons, summary.standardError],
      summary.lengthControlled?.winRate ?? null,
      ...[summary.agreement, summary.unjudged, verdict],
    ]),
  };
}

/** An end of the interval as a win rate; null where there is none. */
function rateOf(end: number): number | null {
  return Number.isNaN(end) ? null : Math.min(1, Math.max(0, 0.5 + end));
}

/** The same for the terminal. */
export function judgedLines({ judge, methods, text }: JudgedReport): string[] {
  return [
    `judged by ${judge}, win rate against ${methods[0]?.baseline ?? "the first method"}:`,
    ...methods.map((each) => `  ${each.arm}: ${each.text}; ${each.verdict}`),
    `  ${text}`,
  ];
}

function unjudged(methods: readonly JudgedMethod[]): string {
  const count = methods.reduce((sum, { summary }) => sum + summary.unjudged, 0);
  if (count === 0) return "";
  const got = count === 1
    ? "comparison got no readable verdict and is"
    : "comparisons got no readable verdict and are";
  return `${count} ${got} left out of the win rate. `;
}

function control(value: JudgedMethod["summary"]["lengthControlled"]): string {
  return value === null ? "–" : value.winRate.toFixed(3);
}

function percent(value: number | null): string {
  return value === null ? "–" : `${(100 * value).toFixed(0)} %`;
}
