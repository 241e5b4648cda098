/** Verdicts: each claim, whether the records bear it out, and the numbers. */
import { currentKernel, type Display, display, type Kernel } from "./kernel.ts";
import { escapeHtml } from "./table.ts";

/** What the records say of a claim. */
export type Outcome = "holds" | "does not hold" | "undecided";

/** One claim and its outcome. */
export interface Verdict {
  readonly claim: string;
  readonly outcome: Outcome;
  /** Difference, interval, n: whatever decided. */
  readonly numbers: string;
}

const SIGNS = { "holds": "\u2713", "does not hold": "\u2717", "undecided": "?" } as const;

// Told apart by word and sign first; the colours are those of the figures.
const COLOURS = { "holds": "#0072B2", "does not hold": "#D55E00", "undecided": "#555555" } as const;

/** The display of verdicts; the site's index reads them from the metadata. */
export function verdictDisplay(verdicts: readonly Verdict[]): Display {
  const html = verdicts.map(({ claim, outcome, numbers }) =>
    `<tr><td style="text-align: left; color: ${COLOURS[outcome]}; white-space: nowrap">` +
    `<b>${SIGNS[outcome]} ${outcome}</b></td>` +
    `<td style="text-align: left">${escapeHtml(claim)}</td>` +
    `<td style="text-align: left">${escapeHtml(numbers)}</td></tr>`
  );
  const plain = verdicts.map(({ claim, outcome, numbers }) =>
    `${SIGNS[outcome]} ${outcome}: ${claim} (${numbers})`
  );
  const head = ["verdict", "claim", "numbers"]
    .map((text) => `<th style="text-align: left">${text}</th>`).join("");
  return {
    data: {
      "text/html": `<table>\n<thead><tr>${head}</tr></thead>\n<tbody>${
        html.join("\n")
      }</tbody>\n</table>`,
      "text/plain": plain.join("\n"),
    },
    metadata: { sera: { verdicts } },
  };
}

/** Shows verdicts in the current cell. */
export async function showVerdict(
  verdicts: readonly Verdict[],
  kernel: Kernel = currentKernel(),
): Promise<void> {
  await display(verdictDisplay(verdicts), kernel);
}
