import assert from "node:assert/strict";
import { real_annotators } from "../../experiments/real_studies/real_annotators.ts";
import { readPreferences } from "../../lib/data/read_preferences.ts";
import { splitByPrompt } from "../../lib/data/split.ts";
import { summarizeData } from "../../lib/data/summary.ts";
import { tokenizePairs } from "../../lib/data/tokenize_pairs.ts";
import { writePreferences } from "../../lib/data/write_jsonl.ts";
import { shorterPairs } from "../../lib/environments/preference_file/split_pairs.ts";
import { openGguf } from "../../lib/policy/io/gguf.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { tokenizerFilesFromGguf } from "../../lib/text/gguf_tokenizer.ts";
import { createHfTokenizer } from "../../lib/text/hf_tokenizer.ts";
import { sharedDataFile, smollm2Path } from "../support/smollm2.ts";
import { withFile } from "./temporary_file.ts";

// Real preference data that the repository may not hold: 2,372 pairs of AlpacaEval.
const published = real_annotators.base?.setting ?? {};
const data = sharedDataFile("alpaca_eval_pairs.jsonl");
const logps = sharedDataFile("smollm2_logps.json");

Deno.test({
  name: "AlpacaEval's pairs are read, split and written without loss",
  ignore: data === undefined,
  fn: async () => {
    const file = await readPreferences(data!);
    assert.equal(file.pairs.length + file.skipped.length, 2372);
    assert.deepEqual(file.formats, [{ style: "standard", prompt: "explicit" }]);
    assert.deepEqual(file.columns.filter(({ used }) => !used).map(({ name }) => name), ["source"]);
    const { train, heldOut } = splitByPrompt(file.pairs, 0.1, createPrng(0, "split"));
    assert.ok(Math.abs(heldOut.length - 0.1 * file.pairs.length) <= 3);
    assert.equal(train.length + heldOut.length, file.pairs.length);
    await withFile("copy.jsonl", "", async (path) => {
      writePreferences(path, file.pairs);
      assert.equal((await readPreferences(path)).fingerprint, file.fingerprint);
    });
  },
});

Deno.test({
  name: "SmolLM2's ids of real pairs equal the reference; the data shows its length bias",
  ignore: logps === undefined || data === undefined || smollm2Path === undefined,
  fn: async () => {
    const { metadata, config } = await openGguf(smollm2Path!);
    const tokenizer = createHfTokenizer({
      origin: smollm2Path!,
      ...tokenizerFilesFromGguf(metadata, smollm2Path!),
    });
    const { rows } = JSON.parse(Deno.readTextFileSync(logps!)) as {
      rows: (
        & Record<"prompt" | "chosen" | "rejected", string>
        & {
          [key in "prompt_ids" | "chosen_ids" | "rejected_ids"]: number[];
        }
      )[];
    };
    const options = { maxLength: 1024, contextLength: config.maxPositions };
    const { pairs, truncated } = tokenizePairs(
      rows.map((row, i) => ({ ...row, id: `${i}` })),
      tokenizer,
      options,
    );
    assert.deepEqual(
      pairs.map((pair) =>
        [pair.promptIds, pair.chosenIds, pair.rejectedIds].map((ids) => [...ids])
      ),
      rows.map((row) => [row.prompt_ids, row.chosen_ids, row.rejected_ids]),
    );
    assert.deepEqual(truncated, { prompt: 0, chosen: 0, rejected: 0 });
    const file = await readPreferences(data!, { limit: 800 });
    const summary = summarizeData(file, tokenizePairs(file.pairs, tokenizer, options));
    assert.equal(summary.pairs + summary.dropped, file.pairs.length);
    // The published study of real annotators: 47 prompts at half of its 256 tokens.
    assert.ok(!("wholePrompts" in published));
    const whole = await readPreferences(data!);
    const short = shorterPairs(whole.pairs, published.shorterThan ?? 0);
    const maxLength = published.maxLength ?? 0;
    const half = tokenizePairs(short, tokenizer, { maxLength, maxPromptLength: maxLength / 2 });
    assert.deepEqual(half.truncated, { prompt: 47, chosen: 1, rejected: 0 });
    const room = tokenizePairs(short, tokenizer, { maxLength });
    assert.deepEqual(room.truncated, { prompt: 8, chosen: 1, rejected: 0 });
    // Of the whole file 68.5 %, in characters.
    assert.ok(
      summary.chosenLonger > 0.65 && summary.chosenLonger < 0.72,
      `${summary.chosenLonger}`,
    );
  },
});
