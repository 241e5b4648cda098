import { promptKey } from "./split.ts";
import type { PreferenceFile } from "./read_preferences.ts";
import type { TokenizedPairs } from "./tokenize_pairs.ts";

/** Lengths in tokens. */
export interface LengthSummary {
  readonly mean: number;
  /** 95th percentile (nearest rank). */
  readonly p95: number;
  readonly max: number;
}

/** What a preference data set looks like before training. */
export interface DataSummary {
  /** Pairs that training can use. */
  readonly pairs: number;
  /** Different prompts in the file. */
  readonly prompts: number;
  readonly promptTokens: LengthSummary;
  readonly chosenTokens: LengthSummary;
  readonly rejectedTokens: LengthSummary;
  /** Share of pairs whose chosen completion has more tokens, ties counted as half. */
  readonly chosenLonger: number;
  /** Records left out in reading (chosen = rejected). */
  readonly skipped: number;
  /** Pairs left out in tokenising. */
  readonly dropped: number;
  readonly truncated: TokenizedPairs["truncated"];
  /** Names of fields that nothing reads. */
  readonly ignoredColumns: readonly string[];
}

/** Describes data that was read and tokenised. */
export function summarizeData(file: PreferenceFile, tokenized: TokenizedPairs): DataSummary {
  const { pairs } = tokenized;
  const longer = pairs.reduce(
    (sum, { chosenIds, rejectedIds }) =>
      sum + (Math.sign(chosenIds.length - rejectedIds.length) + 1) / 2,
    0,
  );
  return {
    pairs: pairs.length,
    prompts: new Set(file.pairs.map(({ prompt }) => promptKey(prompt))).size,
    promptTokens: summarizeLengths(pairs.map(({ promptIds }) => promptIds.length)),
    chosenTokens: summarizeLengths(pairs.map(({ chosenIds }) => chosenIds.length)),
    rejectedTokens: summarizeLengths(pairs.map(({ rejectedIds }) => rejectedIds.length)),
    chosenLonger: longer / pairs.length,
    skipped: file.skipped.length,
    dropped: tokenized.dropped.length,
    truncated: tokenized.truncated,
    ignoredColumns: file.columns.filter(({ used }) => !used).map(({ name }) => name),
  };
}

/** Mean, 95th percentile and maximum. Throws `RangeError` for no lengths. */
export function summarizeLengths(lengths: readonly number[]): LengthSummary {
  if (lengths.length === 0) throw new RangeError("no lengths to summarise");
  const sorted = lengths.toSorted((a, b) => a - b);
  return {
    mean: sorted.reduce((sum, length) => sum + length, 0) / sorted.length,
    p95: sorted[Math.ceil(0.95 * sorted.length) - 1] as number,
    max: sorted.at(-1) as number,
  };
}

/** The summary as lines for a terminal. */
export function formatSummary(summary: DataSummary): string {
  const { truncated } = summary;
  const lines = [
    `${summary.pairs} pairs of ${summary.prompts} prompts; chosen is longer in ` +
    `${(100 * summary.chosenLonger).toFixed(1)} %`,
    `tokens (mean, p95, max): prompt ${lengths(summary.promptTokens)}; chosen ` +
    `${lengths(summary.chosenTokens)}; rejected ${lengths(summary.rejectedTokens)}`,
  ];
  if (summary.skipped > 0) lines.push(`skipped: ${summary.skipped} with chosen = rejected`);
  if (summary.dropped > 0) lines.push(`dropped after tokenising: ${summary.dropped}`);
  if (truncated.prompt + truncated.chosen + truncated.rejected > 0) {
    lines.push(
      `cut to the length limit: ${truncated.prompt} prompts, ${truncated.chosen} chosen, ` +
        `${truncated.rejected} rejected (raise --max-length to keep them whole)`,
    );
  }
  if (summary.ignoredColumns.length > 0) {
    lines.push(`ignored columns: ${summary.ignoredColumns.join(", ")}`);
  }
  return lines.join("\n");
}

function lengths({ mean, p95, max }: LengthSummary): string {
  return `${mean.toFixed(1)}, ${p95}, ${max}`;
}
