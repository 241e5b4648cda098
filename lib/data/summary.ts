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
  /** Different prompts of those pairs. */
  readonly prompts: number;
  readonly promptTokens: LengthSummary;
  readonly chosenTokens: LengthSummary;
  readonly rejectedTokens: LengthSummary;
  /** Share of pairs whose chosen completion has more tokens. */
  readonly chosenLonger: number;
  /** Share of pairs whose completions have as many tokens. */
  readonly equallyLong: number;
  /** Plain prompts that are transcripts of several turns (`\n\nHuman:`). */
  readonly transcripts: number;
  /** Records left out in reading, for each reason. */
  readonly skippedFor: Readonly<Record<string, number>>;
  /** Pairs left out in tokenising. */
  readonly dropped: number;
  readonly truncated: TokenizedPairs["truncated"];
  /** Pairs that the data say were flipped; undefined where they do not say. */
  readonly flipped?: number;
  /** Names of fields that nothing reads. */
  readonly ignoredColumns: readonly string[];
}

/** Names of ignored columns that are shown, and characters of each. */
const SHOWN_COLUMNS = 20, SHOWN_CHARACTERS = 40;

/** Turns written into a text, as in Anthropic's HH-RLHF or ChatML. */
const TRANSCRIPT = /(^|\n)\s*(Human|Assistant|User): |<\|im_start\|>/;

/** Describes data that was read and tokenised. */
export function summarizeData(file: PreferenceFile, tokenized: TokenizedPairs): DataSummary {
  const { pairs } = tokenized;
  const difference = pairs.map(({ chosenIds, rejectedIds }) =>
    chosenIds.length - rejectedIds.length
  );
  const share = (count: number) => count / pairs.length;
  const ids = new Set(pairs.map(({ id }) => id));
  const used = file.pairs.filter(({ id }) => ids.has(id));
  return {
    pairs: pairs.length,
    prompts: new Set(used.map(({ prompt }) => promptKey(prompt))).size,
    promptTokens: summarizeLengths(pairs.map(({ promptIds }) => promptIds.length)),
    chosenTokens: summarizeLengths(pairs.map(({ chosenIds }) => chosenIds.length)),
    rejectedTokens: summarizeLengths(pairs.map(({ rejectedIds }) => rejectedIds.length)),
    chosenLonger: share(difference.filter((tokens) => tokens > 0).length),
    equallyLong: share(difference.filter((tokens) => tokens === 0).length),
    transcripts:
      file.pairs.filter(({ prompt }) => typeof prompt === "string" && TRANSCRIPT.test(prompt))
        .length,
    skippedFor: Object.fromEntries(
      [...Map.groupBy(file.skipped, ({ reason }) => reason)].map((
        [reason, records],
      ) => [reason, records.length]),
    ),
    dropped: tokenized.dropped.length,
    truncated: tokenized.truncated,
    ...(pairs.some(({ flipped }) => flipped !== undefined) &&
      { flipped: pairs.filter(({ flipped }) => flipped).length }),
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

/**
 * The summary as lines for a terminal.
 *
 * @param templated whether plain prompts go through a chat template
 */
export function formatSummary(summary: DataSummary, templated = false): string[] {
  const { truncated } = summary;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const lines = [
    `${summary.pairs} pairs of ${summary.prompts} prompts; chosen is longer in ` +
    `${percent(summary.chosenLonger)}, as long as rejected in ${percent(summary.equallyLong)}`,
    `tokens (mean, p95, max): prompt ${lengths(summary.promptTokens)}; chosen ` +
    `${lengths(summary.chosenTokens)}; rejected ${lengths(summary.rejectedTokens)}`,
  ];
  const skipped = Object.entries(summary.skippedFor).map(([reason, n]) => `${n} with ${reason}`);
  if (skipped.length > 0) lines.push(`skipped: ${skipped.join(", ")}`);
  if (summary.dropped > 0) lines.push(`dropped after tokenising: ${summary.dropped}`);
  if (truncated.prompt + truncated.chosen + truncated.rejected > 0) {
    lines.push(
      `cut to the length limit: ${truncated.prompt} prompts, ${truncated.chosen} chosen, ` +
        `${truncated.rejected} rejected (a higher --max-length keeps more, up to the model's context)`,
    );
  }
  if (summary.flipped !== undefined) {
    lines.push(
      `flipped by the data's own account: ${summary.flipped} labels`,
    );
  }
  if (summary.ignoredColumns.length > 0) {
    const more = summary.ignoredColumns.length - SHOWN_COLUMNS;
    const shown = summary.ignoredColumns.slice(0, SHOWN_COLUMNS).map(shortened).join(", ");
    lines.push(`ignored columns: ${shown}${more > 0 ? ` and ${more} more` : ""}`);
  }
  if (templated && summary.transcripts > 0) {
    lines.push(
      `warning: ${summary.transcripts} prompts are transcripts (Human: ... Assistant: ...), and the ` +
        "chat template wraps each as one user message: give conversations as lists of messages, or " +
        "--chat-template never",
    );
  }
  return lines;
}

function shortened(name: string): string {
  return name.length > SHOWN_CHARACTERS ? `${name.slice(0, SHOWN_CHARACTERS)}...` : name;
}

function lengths({ mean, p95, max }: LengthSummary): string {
  return `${mean.toFixed(1)}, ${p95}, ${max}`;
}
