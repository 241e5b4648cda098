/** Verdicts: each claim, whether the records bear it out, and the numbers. */
import { intervalText, ratioText } from "../figures/number_text.ts";
import type { ClaimResult, Verdict } from "../study/judge_claims.ts";
import { currentKernel, type Display, display, type Kernel } from "./kernel.ts";
import { escapeHtml } from "./table.ts";

const SIGNS: Readonly<Record<Verdict, string>> = {
  "holds": "\u2713",
  "does not hold": "\u2717",
  "undecided": "?",
};

/** "gold reward +0.23 [+0.16, +0.30], 10 seeds, Holm p 0.0012": what decided. */
export function verdictNumbers({ claim, contrast, adjustedP }: ClaimResult): string {
  if (contrast === undefined) return "fewer than two paired seeds";
  const difference = claim.log === true ? ratioText(contrast) : intervalText(contrast);
  const p = adjustedP < 0.0001 ? "< 0.0001" : String(Number(adjustedP.toPrecision(2)));
  return `${claim.metric} ${difference}, ${contrast.n} seeds, Holm p ${p}`;
}

/** The display of verdicts; the site's index reads them from the metadata. */
export function verdictsDisplay(results: readonly ClaimResult[]): Display {
  const verdicts = results.map((result) => ({
    claim: result.claim.text,
    outcome: result.verdict,
    numbers: verdictNumbers(result),
  }));
  // Told apart by word and sign; the site adds colours.
  const lines = verdicts.map(({ claim, outcome, numbers }) =>
    `<tr class="${outcome.replaceAll(" ", "-")}"><td><b>${
      SIGNS[outcome]
    }&nbsp;${outcome}</b></td>` +
    `<td>${escapeHtml(claim)}</td><td>${escapeHtml(numbers)}</td></tr>`
  );
  const plain = verdicts.map(({ claim, outcome, numbers }) =>
    `${SIGNS[outcome]} ${outcome}: ${claim} (${numbers})`
  );
  return {
    data: {
      "text/html": '<table class="verdicts">\n<thead><tr><th>verdict</th><th>claim</th>' +
        `<th>numbers</th></tr></thead>\n<tbody>${lines.join("\n")}</tbody>\n</table>`,
      "text/plain": plain.join("\n") || "no claim concerns these runs",
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
