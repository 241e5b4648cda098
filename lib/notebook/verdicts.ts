/** Verdicts: each claim, whether the records bear it out, and the numbers. */
import { intervalText, ratioText } from "../figures/number_text.ts";
import { escapeHtml } from "../plain_text.ts";
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

/** The display of verdicts; the site's index reads them from the metadata. */
export function verdictsDisplay(results: readonly ClaimResult[]): Display {
  const verdicts = results.map((result) => ({
    claim: result.claim.text,
    outcome: result.verdict,
    numbers: verdictNumbers(result),
  }));
  // Told apart by word and sign; the site adds colours.
  const lines = verdicts.map(({ claim, outcome, numbers }) =>
    `<tr class="${outcome}"><td><b>${SIGNS[outcome]}&nbsp;${outcome}</b></td>` +
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
