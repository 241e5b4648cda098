import assert from "node:assert/strict";
import { join } from "node:path";
import { alignCommand } from "../../experiments/commands/align/options.ts";
import { runAlign } from "../../experiments/commands/align/run.ts";
import { parseCommand } from "../../lib/cli/command.ts";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { Decoder } from "../../lib/policy/decode.ts";
import { silentProgress } from "../../lib/progress/progress_sink.ts";
import type { RunRecord } from "../../lib/report/record.ts";
import { ownCache } from "../support/own_cache.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { makeTinyModelFolder } from "../support/tiny_model.ts";
import { jsonLines, tinyPairs } from "../support/tiny_pairs.ts";

/** The most responses that were decoded side by side while the action ran. */
async function widestDuring(action: () => Promise<unknown>): Promise<number> {
  const { step } = Decoder.prototype;
  let widest = 0;
  Decoder.prototype.step = function (inputs) {
    widest = Math.max(widest, inputs.length);
    return step.call(this, inputs);
  };
  try {
    await action();
  } finally {
    Decoder.prototype.step = step;
  }
  return widest;
}

Deno.test("--generation-batch bounds what align decodes for evaluation, and changes no sample", async () => {
  await loadEngine();
  await withTempDir(async (dir) => {
    using _cache = ownCache(dir);
    const model = join(dir, "model"), data = join(dir, "pairs.jsonl");
    await makeTinyModelFolder(model, { seed: 7 });
    await Deno.writeTextFile(data, jsonLines(tinyPairs(20, 3)));
    const run = async (...more: string[]) => {
      const out = join(dir, more.join("") || "default");
      const { options } = parseCommand(alignCommand, [
        ...["--model", model, "--data", data, "--out", out, "--rank", "4", "--held-out", "0.3"],
        ...["--method", "plain", "--iterations", "1", "--steps", "1", "--max-new-tokens", "6"],
        ...more,
      ]);
      const widest = await widestDuring(() => runAlign(options, silentProgress));
      const record: RunRecord = JSON.parse(Deno.readTextFileSync(join(out, "record.json")));
      return { widest, record };
    };
    const usual = await run(), bound = await run("--generation-batch", "2");
    assert.ok(usual.widest > 2, `only ${usual.widest} prompts: nothing is bounded`);
    assert.equal(bound.widest, 2);
    assert.deepEqual(bound.record.iterations, usual.record.iterations);
    // What records without the option hold stays as it is.
    assert.equal(bound.record.config.generationBatch, 2);
    assert.ok(!("generationBatch" in usual.record.config));
  });
});
