/** Verdicts: each claim, whether the records bear it out, and the numbers. */
import { intervalText, ratioText } from "../figures/number_text.ts";
import { escapeHtml } from "../plain_text.ts";
import { ENOUGH_POWER, powerCells, powerColumns, underpowered } from "../study/claim_power.ts";
import type { ClaimResult, Verdict } from "../study/judge_claims.ts";
import { currentKernel, type Display, display, type Kernel } from "./kernel.ts";

const SIGNS: Readonly<Record<Verdict, string>> = {
  supported: "\u2713",
  negligible: "\u2248",
  reversed: "\u2717",
  undecided: "?",
};

/** "gold reward +0.23 [+0.16, +0.30], 10 seeds, Holm p 0.0012": what decided. */
export function verdictNumbers(result: ClaimResult): string {
  const { claim, contrast, adjustedP, adjustedEquivalenceP } = result;
  if (contrast === undefined) return "fewer than two paired seeds";
  const difference = claim.log === true ? ratioText(contrast) : intervalText(contrast);
  const { n, collapsed, baselineCollapsed } = contrast;
  const share = (value: number) => `${Math.round(100 * value)} %`;
  const collapses = collapsed + baselineCollapsed === 0
    ? ""
    : `, collapsed: ${share(collapsed)} against ${share(baselineCollapsed)}`;
  return `${claim.metric} ${difference}, ${n} seeds, Holm p ${pText(adjustedP)}, ` +
    `equivalence p ${pText(adjustedEquivalenceP)}${collapses}`;
}

function pText(p: number): string {
  return p < 0.0001 ? "< 0.0001" : String(Number(p.toPrecision(2)));
}

/**
 * What the columns of power mean, and which claims are undecided for want of it, as
 * `[text, shown as code?]`.
 */
function powerText(results: readonly ClaimResult[]): readonly (readonly [string, boolean])[] {
  const wanting = underpowered(results);
  const named = wanting.flatMap((result, i) => [
    [i === 0 ? "" : ", ", false] as const,
    [result.claim.id, true] as const,
    [` (${powerCells(result).at(-1)})`, false] as const,
  ]);
  return [
    [
      "SD: of the paired differences, in the exploration that the plan rests on and on the planned " +
      "seeds. Power: to see the smallest effect that matters, with either SD, by a two-sided t test " +
      "at 5 % before Holm\u2019s correction.",
      false,
    ],
    ...(wanting.length === 0 ? [] : [
      [` Undecided for want of power, which is below ${100 * ENOUGH_POWER} %: `, false] as const,
      ...named,
      [".", false] as const,
    ]),
  ];
}

/** The display of verdicts; the site's index reads them from the metadata. */
export function verdictsDisplay(results: readonly ClaimResult[]): Display {
  const verdicts = results.map((result) => ({
    claim: result.claim.text,
    outcome: result.verdict,
    numbers: verdictNumbers(result),
  }));
  const cells = results.map(powerCells);
  // Told apart by word and sign; the site adds colours.
  const lines = verdicts.map(({ claim, outcome, numbers }, i) =>
    `<tr class="${outcome}"><td><b>${SIGNS[outcome]}&nbsp;${outcome}</b></td>` +
    `<td>${escapeHtml(claim)}</td><td>${escapeHtml(numbers)}</td>` +
    `${cells[i]?.map((cell) => `<td>${cell.replace(" ", "&nbsp;")}</td>`).join("")}</tr>`
  );
  const plain = verdicts.map(({ claim, outcome, numbers }, i) =>
    `${SIGNS[outcome]} ${outcome}: ${claim} (${numbers}; ` +
    `${powerColumns.map((column, j) => `${column} ${cells[i]?.[j]}`).join(", ")})`
  );
  const note = results.length === 0 ? [] : powerText(results);
  const heads = ["verdict", "claim", "numbers", ...powerColumns];
  return {
    data: {
      "text/html": '<table class="verdicts">\n<thead><tr>' +
        heads.map((head) => `<th>${head}</th>`).join("") +
        `</tr></thead>\n<tbody>${lines.join("\n")}</tbody>\n</table>\n<p>` +
        note.map(([text, code]) => code ? `<code>${escapeHtml(text)}</code>` : escapeHtml(text))
          .join("") +
        "</p>",
      "text/plain": [...plain, ...(note.length === 0 ? [] : [note.map(([text]) => text).join("")])]
        .join("\n") || "no claim concerns these runs",
    },
    metadata: { sera: { verdicts } },
  };
}

/** Shows verdicts in the current cell. */
export async function showVerdicts(
  results: readonly ClaimResult[],
  kernel: Kernel = currentKernel(),
): Promise<void> {
  await display(verdictsDisplay(results), kernel);
}
