import assert from "node:assert/strict";
import { join } from "node:path";
import { seraOptionsOf, settingOf } from "../../experiments/commands/align/configure.ts";
import { alignCommand } from "../../experiments/commands/align/options.ts";
import { runAlign } from "../../experiments/commands/align/run.ts";
import { parseCommand } from "../../lib/cli/command.ts";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { preferenceFile } from "../../lib/environments/preference_file/environment.ts";
import { preferenceSetting } from "../../lib/environments/preference_file/open_preferences.ts";
import { silentProgress } from "../../lib/progress/progress_sink.ts";
import type { RunRecord } from "../../lib/report/record.ts";
import { runConfig } from "../../lib/study/run_config.ts";
import { runOne } from "../../lib/study/run_one.ts";
import { ownCache } from "../support/own_cache.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { makeTinyModelFolder } from "../support/tiny_model.ts";
import { jsonLines, tinyPairs } from "../support/tiny_pairs.ts";

Deno.test("a study's run on one's own model and data measures what align measures", async () => {
  await loadEngine();
  await withTempDir(async (dir) => {
    using _cache = ownCache(dir);
    const model = join(dir, "model"), data = join(dir, "pairs.jsonl"), out = join(dir, "out");
    await makeTinyModelFolder(model, { seed: 7 });
    await Deno.writeTextFile(data, jsonLines(tinyPairs(40, 3)));
    const { options } = parseCommand(alignCommand, [
      ...["--model", model, "--data", data, "--out", out, "--flip-labels", "0.25", "--rank", "4"],
      ...["--lr", "0.02", "--steps", "4", "--max-new-tokens", "24", "--responses", "8"],
    ]);
    await runAlign(options, silentProgress);
    const aligned: RunRecord = JSON.parse(await Deno.readTextFile(join(out, "record.json")));

    const files = await preferenceSetting({ model, data });
    const setting = { ...settingOf(options), ...files };
    const config = runConfig(preferenceFile, 0, [{ setting, sera: seraOptionsOf(options) }]);
    const study = await runOne(preferenceFile, config, {
      ...{ cache: join(dir, "cache"), progress: silentProgress },
    });
    assert.deepEqual(study.iterations, aligned.iterations);
    assert.deepEqual(study.sft, aligned.sft);
    assert.equal(study.iterations.length, 3);
    for (const metrics of study.iterations) {
      const { heldOutAccuracy, heldOutMargin, flippedSelected, flippedAll, length, kl } = metrics;
      for (const value of [heldOutAccuracy, heldOutMargin, flippedSelected, flippedAll]) {
        assert.equal(typeof value, "number");
      }
      assert.ok((kl ?? NaN) > 0 && (length ?? NaN) > 0);
    }
    assert.equal(study.iterations[0]?.flippedSelected, 0.25);
    assert.ok(!JSON.stringify(aligned).includes(dir), "no folder of the machine is in the record");
  });
});
