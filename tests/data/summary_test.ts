import assert from "node:assert/strict";
import { readPreferences } from "../../lib/data/read_preferences.ts";
import { formatSummary, summarizeData, summarizeLengths } from "../../lib/data/summary.ts";
import { tokenizePairs } from "../../lib/data/tokenize_pairs.ts";
import { jsonl, withFile } from "./temporary_file.ts";
import { tinyTokenizer } from "./tiny_tokenizer.ts";

Deno.test("lengths: mean, nearest-rank 95th percentile, maximum", () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  assert.deepEqual(summarizeLengths(hundred), { mean: 50.5, p95: 95, max: 100 });
  assert.deepEqual(summarizeLengths([7]), { mean: 7, p95: 7, max: 7 });
  assert.throws(() => summarizeLengths([]), RangeError);
});

Deno.test("a file is described with everything that was lost on the way", async () => {
  const content = jsonl(
    { prompt: "p", chosen: "abc", rejected: "a", source: "x" },
    { prompt: "p", chosen: "a", rejected: "b", judge: "y" },
    { prompt: "q", chosen: "a", rejected: "a" },
    { prompt: "q", chosen: "a", rejected: "" },
    { prompt: "0123456789ABCD", chosen: "a", rejected: "bcd" },
    { prompt: "r", chosen: "01234567890123456789", rejected: "c" },
    { prompt: "r", chosen: "0123456789012345678a", rejected: "0123456789012345678b" },
  );
  await withFile("p.jsonl", content, async (path) => {
    const file = await readPreferences(path);
    const tokenized = tokenizePairs(file.pairs, tinyTokenizer(null), { maxLength: 16 });
    const summary = summarizeData(file, tokenized);
    assert.deepEqual(summary, {
      pairs: 4,
      prompts: 3,
      promptTokens: { mean: 15 / 4, p95: 12, max: 12 },
      chosenTokens: { mean: 23 / 4, p95: 15, max: 15 },
      rejectedTokens: { mean: 10 / 4, p95: 4, max: 4 },
      chosenLonger: 2 / 4,
      equallyLong: 1 / 4,
      transcripts: 0,
      skippedFor: { "chosen = rejected": 1, "an empty answer": 1 },
      dropped: 1,
      truncated: { prompt: 1, chosen: 1, rejected: 0 },
      ignoredColumns: ["source", "judge"],
    });
    assert.deepEqual(
      formatSummary(summary),
      [
        "4 pairs of 3 prompts; chosen is longer in 50.0 %, as long as rejected in 25.0 %",
        "tokens (mean, p95, max): prompt 3.8, 12, 12; chosen 5.8, 15, 15; rejected 2.5, 4, 4",
        "skipped: 1 with chosen = rejected, 1 with an empty answer",
        "dropped after tokenising: 1",
        "cut to the length limit: 1 prompts, 1 chosen, 0 rejected " +
        "(a higher --max-length keeps more, up to the model's context)",
        "ignored columns: source, judge",
      ],
    );
  });
});

Deno.test("of very many ignored columns, or very long names, some are shown", async () => {
  const columns = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`c${i}`, i]));
  const content = jsonl({
    ...{ prompt: "p", chosen: "abc", rejected: "a", ["x".repeat(100_000)]: 1 },
    ...columns,
  });
  await withFile("p.jsonl", content, async (path) => {
    const file = await readPreferences(path);
    const tokenized = tokenizePairs(file.pairs, tinyTokenizer(null), { maxLength: 16 });
    const line = formatSummary(summarizeData(file, tokenized)).at(-1) ?? "";
    const names = Array.from({ length: 19 }, (_, i) => `c${i}`).join(", ");
    assert.equal(line, `ignored columns: ${"x".repeat(40)}..., ${names} and 49981 more`);
  });
});

Deno.test("transcripts that a chat template would wrap whole are noticed", async () => {
  const content = jsonl(
    { prompt: "\n\nHuman: Hi\n\nAssistant:", chosen: " Hello.", rejected: " No." },
    { prompt: "Who was the Human: Nature author?", chosen: "a", rejected: "b" },
  );
  await withFile("p.jsonl", content, async (path) => {
    const file = await readPreferences(path);
    const summary = summarizeData(
      file,
      tokenizePairs(file.pairs, tinyTokenizer(null), { maxLength: 64 }),
    );
    assert.equal(summary.transcripts, 1);
    const warned = (templated: boolean) => formatSummary(summary, templated).at(-1) ?? "";
    assert.match(warned(true), /^warning: 1 prompts are transcripts .*--chat-template never$/);
    assert.doesNotMatch(warned(false), /transcripts/);
  });
});
