import assert from "node:assert/strict";
import { join } from "node:path";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { loadPreferences } from "../../lib/environments/preference_file/load_preferences.ts";
import { openPreferences } from "../../lib/environments/preference_file/open_preferences.ts";
import { defaultPreferenceSetting } from "../../lib/environments/preference_file/setting.ts";
import { projectRoot } from "../../lib/engine/layout.ts";
import type { MetricName } from "../../lib/metrics/metrics.ts";
import type { RunRecord } from "../../lib/report/record.ts";
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
    const run = (more = "") =>
      runScript("align", [
        ...["--model", model, "--data", data, "--out", out, "--method", "select"],
        ...["--iterations", "3", "--lr", "0.01", "--batch", "4", "--keep", "0.5", "--seed", "7"],
        ...["--trainer", script("standin_trainer"), "--concurrency", "4"],
        ...["--serve", `${script("standin_server")} {checkpoint} {port}${more}`],
      ]);
    Deno.writeTextFileSync(join(dir, "fail"), "");
    const failed = await run();
    assert.equal(failed.code, 1, failed.stderr);
    assert.match(failed.stderr, /trainer of iteration 2 ended with code 3: see .*trainer-2.log/);
    const answers = Deno.statSync(join(out, "answers", "offline-by-0.jsonl")).mtime;

    // The server's options may change from one start to the next.
    const done = await run(" --utilization 0.8");
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout + done.stderr, /warning: --serve was .*; what that command has done/);
    assert.match(done.stdout, /checkpoints\/iteration-3/);
    // Nothing that was answered or trained was paid for twice.
    assert.deepEqual(Deno.statSync(join(out, "answers", "offline-by-0.jsonl")).mtime, answers);
    assert.equal(
      Deno.readTextFileSync(join(out, "logs", "trainer-1.log")),
      "trained on 11 pairs\n",
    );
    const read = (name: string) => Deno.readTextFileSync(join(out, name));
    const record = JSON.parse(read("record.json")) as RunRecord;
    assert.equal(record.backend, null);
    assert.equal(record.steps.length, 3 * 3); // as the trainer told
    const page = read("report.html");
    for (const title of ["Labels in doubt", "Loss", "Iterations", "Selection"]) {
      assert.ok(page.includes(title), `the report has no ${title}`);
    }
    assert.match(page, /<th scope="row">model<\/th>\s*<td>with a server and a trainer<\/td>/);
    // What a trainer saved is the result: nobody is told to delete it, nor to cross-fit.
    assert.match(page, /checkpoints\/<\/th>\s*<td>[^<]*the last one is the result/);
    assert.doesNotMatch(page, /checkpoints\/<\/th>\s*<td>[^<]*deleted|adapter\/, model\//);
    assert.doesNotMatch(page + done.stdout, /cross-fit 5/);
    assert.match(done.stdout, /held-out accuracy by iteration: [\d.]+, [\d.]+, [\d.]+ \(n = 1 /);
    assert.match(done.stdout, /labels in doubt: \d+ of 11/);
    assert.match((await run()).stdout, /finished already: see .*report\.html/);

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
    assert.equal(record.iterations.length, 3);
    expected.iterations.forEach(({ iteration, margins, selected, metrics }, i) => {
      const rows = read(`selection/iteration-${iteration}.jsonl`).trimEnd().split("\n")
        .map((line) => JSON.parse(line));
      assert.deepEqual(rows.flatMap((row, at) => row.kept ? [at] : []), selected);
      margins?.forEach((margin, at) => {
        assert.ok(Math.abs(margin - rows[at].margin) < 1e-5, `margin of pair ${at}`);
      });
      // Held-out accuracy and margin too: by the server's scores of pairs never trained on.
      assert.ok(Number.isFinite(metrics.heldOutAccuracy));
      for (const [name, value] of Object.entries(metrics)) {
        const own = record.iterations[i]?.[name as MetricName] ?? null;
        if (typeof value !== "number") assert.equal(own, value, name);
        else assert.ok(Math.abs((own ?? NaN) - value) < 1e-4, `${name}: ${own} for ${value}`);
      }
    });
  });
});
