import assert from "node:assert/strict";
import { join } from "node:path";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { loadPreferences } from "../../lib/environments/preference_file/load_preferences.ts";
import { openPreferences } from "../../lib/environments/preference_file/open_preferences.ts";
import { defaultPreferenceSetting } from "../../lib/environments/preference_file/setting.ts";
import { projectRoot } from "../../lib/engine/layout.ts";
import { methods } from "../../lib/sera/methods.ts";
import { runSera } from "../../lib/sera/run_sera.ts";
import { runScript } from "../support/run_script.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { makeTinyModelFolder } from "../support/tiny_model.ts";
import { jsonLines, tinyPairs } from "../support/tiny_pairs.ts";

const script = (name: string) =>
  `${Deno.execPath()} run -A --no-check --quiet ${projectRoot}tests/support/${name}.ts`;

Deno.test("a server and a trainer process select what the built-in loop selects, over a failure", async () => {
  await withTempDir(async (dir) => {
    const [model, data, out] = [join(dir, "model"), join(dir, "pairs.jsonl"), join(dir, "run")];
    await makeTinyModelFolder(model, { seed: 1 });
    await Deno.writeTextFile(data, jsonLines(tinyPairs(12, 3)));
    const run = () =>
      runScript("align", [
        ...["--model", model, "--data", data, "--out", out, "--full", "--method", "select"],
        ...["--iterations", "3", "--lr", "0.01", "--batch", "4", "--keep", "0.5", "--seed", "7"],
        ...["--trainer", script("standin_trainer"), "--concurrency", "4"],
        ...["--serve", `${script("standin_server")} {checkpoint} {port}`],
      ]);
    Deno.writeTextFileSync(join(dir, "fail"), "");
    const failed = await run();
    assert.equal(failed.code, 1, failed.stderr);
    assert.match(failed.stderr, /trainer of iteration 2 ended with code 3: see .*trainer-2.log/);
    const answers = Deno.statSync(join(out, "answers", "offline-by-0.json")).mtime;

    const done = await run();
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout, /checkpoints\/iteration-3/);
    // Nothing that was answered or trained was paid for twice.
    assert.deepEqual(Deno.statSync(join(out, "answers", "offline-by-0.json")).mtime, answers);
    assert.equal(
      Deno.readTextFileSync(join(out, "logs", "trainer-1.log")),
      "trained on 11 pairs\n",
    );
    const iterations = JSON.parse(Deno.readTextFileSync(join(out, "iterations.json")));
    assert.match((await run()).stdout, /finished already/);

    await loadEngine();
    const opened = await openPreferences(
      { ...defaultPreferenceSetting, model, data, full: true },
      7,
    );
    const { dispose, text: _, evaluation: _e, ...prepared } = await loadPreferences(opened, 7);
    const expected = await runSera({
      ...prepared,
      config: {
        ...{ ...methods.select, iterations: 3, learningRate: 0.01, batch: 4 },
        selection: { rule: "top", keep: 0.5 },
      },
      seed: 7,
    });
    dispose();
    assert.equal(iterations.length, 3);
    expected.iterations.forEach(({ margins, selected }, i) => {
      assert.deepEqual(iterations[i].selected, selected);
      margins?.forEach((margin, at) => {
        assert.ok(Math.abs(margin - iterations[i].margins[at]) < 1e-5, `margin of pair ${at}`);
      });
    });
  });
});
