/** What a selection dropped, as Markdown to read. */
import type { ScoredSelection } from "./select_scored.ts";

/** What the report knows of pairs beside their scores. */
export interface PairFacts {
  /** Prompt and completions together, in `lengthUnit`. */
  readonly lengths: Float64Array;
  readonly lengthUnit: "tokens" | "characters";
  /** Chosen minus rejected. */
  readonly lengthDifferences: Float64Array;
  /** Values of the source column, and each pair's as an index into them; null without one. */
  readonly sources: { readonly names: readonly string[]; readonly of: Uint32Array } | null;
}

/** A pair that a person should read. */
export interface PairToRead {
  readonly id: string;
  readonly margin: number;
  /** Policies whose own margin is negative. */
  readonly against: number;
  readonly policies: number;
  readonly prompt: string;
  readonly chosen: string;
  readonly rejected: string;
}

/** Longest text of a pair in the report, in characters. */
const TEXT = 240;

/** Groups of equal size by length. */
const LENGTH_GROUPS = 5;

/** Sources listed, the most frequent ones. */
const SOURCES = 30;

/**
 * The pairs to read, worst first: those that every policy of the ensemble ranks against their label
 * (suspected wrong labels), then the others, each by rising margin.
 */
export function pairsToRead(
  { margins, byPolicy }: Pick<ScoredSelection, "margins" | "byPolicy">,
  count: number,
): number[] {
  // Only `count` are kept while looking: a sort of a million for twenty would be waste.
  const suspect = (i: number) => byPolicy.every((of) => (of[i] as number) < 0);
  const before = (a: number, b: number) =>
    Number(suspect(b)) - Number(suspect(a)) || (margins[a] as number) - (margins[b] as number) ||
    a - b;
  const worst: number[] = [];
  for (let i = 0; i < margins.length; i++) {
    if (worst.length >= count && before(i, worst.at(-1) as number) > 0) continue;
    worst.push(i);
    worst.sort(before);
    if (worst.length > count) worst.pop();
  }
  return worst;
}

/** How many policies' own margins of a pair are negative. */
export function policiesAgainst(byPolicy: readonly Float64Array[], index: number): number {
  return byPolicy.filter((margins) => (margins[index] as number) < 0).length;
}

/** The report. `intro` says what was done, a line each. */
export function selectionReport(
  { margins, byPolicy, selection, overlap }: ScoredSelection,
  { lengths, lengthUnit, lengthDifferences, sources }: PairFacts,
  { intro, toRead }: { readonly intro: readonly string[]; readonly toRead: readonly PairToRead[] },
): string {
  const total = margins.length;
  const kept = new Uint8Array(total);
  for (const i of selection.indices) kept[i] = 1;
  const sorted = margins.toSorted();
  const suspects = margins.reduce(
    (sum, _, i) => sum + Number(policiesAgainst(byPolicy, i) === byPolicy.length),
    0,
  );
  const byLength = (unit: string, values: Float64Array): string => {
    const cuts = quantiles(values.toSorted(), LENGTH_GROUPS);
    const groupOf = Uint32Array.from(values, (value) => cuts.filter((cut) => value > cut).length);
    const label = (g: number) =>
      cuts.length === 0
        ? `${values[0]}`
        : g === 0
        ? `up to ${cuts[0]}`
        : g === cuts.length
        ? `above ${cuts[g - 1]}`
        : `${cuts[g - 1]} to ${cuts[g]}`;
    return groupTable(unit, groupOf, cuts.map((_, g) => label(g)).concat(label(cuts.length)));
  };
  const groupTable = (head: string, of: Uint32Array, names: readonly string[]): string => {
    const rows = names.map((name) => ({ name, pairs: 0, kept: 0, margin: 0 }));
    of.forEach((group, i) => {
      const row = rows[group] as (typeof rows)[number];
      row.pairs++;
      row.kept += kept[i] as number;
      row.margin += margins[i] as number;
    });
    return table(
      [head, "pairs", "dropped", "share kept", "mean margin"],
      rows.filter((row) => row.pairs > 0).toSorted((a, b) =>
        of === sources?.of ? b.pairs - a.pairs : 0
      ).slice(0, SOURCES).map((row) => [
        row.name,
        row.pairs,
        row.pairs - row.kept,
        (row.kept / row.pairs).toFixed(3),
        (row.margin / row.pairs).toFixed(4),
      ]),
    );
  };
  const negative = sorted.findIndex((margin) => margin >= 0);
  return [
    "# Selection report",
    intro.map((line) => `- ${line}`).join("\n"),
    "## Margins",
    table(
      ["least", "10 %", "25 %", "median", "75 %", "90 %", "largest", "negative"],
      [[
        ...[0, 0.1, 0.25, 0.5, 0.75, 0.9, 1].map((share) =>
          (sorted[Math.round(share * (total - 1))] as number).toFixed(4)
        ),
        negative < 0 ? total : negative,
      ]],
    ),
    `${suspects} of ${total} pairs are ranked against their label by every policy.`,
    overlap === null ? "" : `Overlap with what the same rule kept one iteration ago ` +
      `(Jaccard): ${overlap.toFixed(4)}.`,
    `## By length (${lengthUnit} of both completions)`,
    byLength(lengthUnit, lengths),
    `## By length of chosen minus rejected (${lengthUnit})`,
    byLength("difference", lengthDifferences),
    ...(sources === null ? [] : ["## By source", groupTable("source", sources.of, sources.names)]),
    "## Lowest margins to read, suspected wrong labels first",
    ...toRead.map((pair) =>
      `### ${line(pair.id)}: margin ${pair.margin.toFixed(4)}, ` +
      `${pair.against} of ${pair.policies} policies against the label\n\n` +
      `- prompt: ${line(pair.prompt)}\n- chosen: ${line(pair.chosen)}\n` +
      `- rejected: ${line(pair.rejected)}`
    ),
  ].filter((part) => part !== "").join("\n\n") + "\n";
}

/** Inner borders of `groups` groups of about equal size, each once. */
function quantiles(sorted: Float64Array, groups: number): number[] {
  const cuts = Array.from(
    { length: groups - 1 },
    (_, g) => sorted[Math.floor((g + 1) * sorted.length / groups)] as number,
  );
  return [...new Set(cuts)].filter((cut) => cut < (sorted.at(-1) as number));
}

function table(columns: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const row = (cells: readonly unknown[]) => `| ${cells.map((c) => line(`${c}`)).join(" | ")} |`;
  return [row(columns), row(columns.map(() => "---")), ...rows.map(row)].join("\n");
}

/** Text on one line, cut, that cannot break a table or a heading. */
function line(text: string): string {
  const flat = text.replaceAll(/\s+/g, " ").trim();
  const cut = flat.length > TEXT ? `${flat.slice(0, TEXT)} ...` : flat;
  return cut.replaceAll("|", "\\|");
}
