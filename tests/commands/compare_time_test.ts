/** What `compare` says before it starts: a probe that cannot be run costs the estimate alone. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { settingOf } from "../../experiments/commands/align/configure.ts";
import { scaledSeconds } from "../../experiments/commands/compare/estimate.ts";
import { compareCommand } from "../../experiments/commands/compare/options.ts";
import { timeText } from "../../experiments/commands/compare/time_text.ts";
import { parseCommand } from "../../lib/cli/command.ts";
import { openPreferences } from "../../lib/environments/preference_file/open_preferences.ts";
import { silentProgress } from "../../lib/progress/progress_sink.ts";
import { seraConfig } from "../../lib/sera/config.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { makeTinyModelFolder } from "../support/tiny_model.ts";
import { jsonLines, tinyPairs } from "../support/tiny_pairs.ts";

/** What is said before methods are compared on these pairs. */
async function textFor(pairs: readonly object[], ...more: string[]): Promise<string> {
  return await withTempDir(async (dir) => {
    const [model, data] = [join(dir, "model"), join(dir, "pairs.jsonl")];
    await makeTinyModelFolder(model, { seed: 7 });
    await Deno.writeTextFile(data, jsonLines(pairs));
    const { options } = parseCommand(compareCommand, [
      ...["--model", model, "--data", data, "--out", join(dir, "out"), "--seeds", "1"],
      ...["--methods", "plain,sera", "--responses", "2", "--max-new-tokens", "4", "--rank", "2"],
      ...more,
    ]);
    const chosen = { ...options, maxRows: 4096 };
    const opened = await openPreferences(settingOf(chosen), 0);
    return await timeText(chosen, opened, new Map(), silentProgress);
  });
}

const WHAT = "2 runs \\(2 methods, 1 seeds\\), 0 found";

Deno.test("the first pairs may share one prompt: the probe then holds none out", async () => {
  const pairs = tinyPairs(40, 3);
  const sorted = pairs.map((pair, i) => i < 30 ? { ...pair, prompt: "name it" } : pair);
  assert.match(
    await textFor(sorted),
    new RegExp(`^${WHAT}, about .+ to go with \\d processes \\(from a run on 24 pairs\\)$`),
  );
});

Deno.test("a probe that cannot be run leaves the time unknown, and says why", async () => {
  const long = "sea sun ".repeat(60);
  const pairs = tinyPairs(40, 3).map((pair, i) =>
    i < 30 ? { ...pair, chosen: `${long}run`, rejected: `${long}sit` } : pair
  );
  assert.match(
    await textFor(pairs, "--max-length", "64"),
    new RegExp(`^${WHAT}, time unknown: no pair is left of 24: pair 0 was dropped`),
  );
});

Deno.test("held-out pairs cost what scored ones do where the probe held none out", () => {
  const pair = {
    ...{ id: "0", promptIds: Int32Array.of(1), chosenIds: Int32Array.of(2) },
    rejectedIds: Int32Array.of(3),
  };
  const of = (heldOut: number) => ({
    pairs: Array.from({ length: 10 }, () => pair),
    heldOut: Array.from({ length: heldOut }, () => pair),
    setting: { evaluationPrompts: 0, samplesPerPrompt: 1 } as Parameters<
      typeof scaledSeconds
    >[0]["setting"],
    sera: { ...seraConfig({ bootstrap: null, iterations: 1 }), steps: 2 },
  });
  const probed = { updateSeconds: 0, scoringSeconds: 40, generationSeconds: 0 };
  // 20 sequences at 2 s; held out are 2 x 5 sequences, measured twice.
  assert.equal(scaledSeconds(of(0), of(0), probed), 40);
  assert.equal(scaledSeconds(of(5), of(0), probed), 40 + 2 * 10 * 2);
});
