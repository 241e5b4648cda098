/** `align` as a user runs it: child processes on a tiny model. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createPrng } from "../../lib/random/prng.ts";
import type { RunRecord } from "../../lib/report/record.ts";
import { leaveBehind, leftBehind } from "../support/left_behind.ts";
import { runScript, spawnScript } from "../support/run_script.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { makeTinyModelFolder } from "../support/tiny_model.ts";
import { jsonLines, tinyPairs } from "../support/tiny_pairs.ts";

/** A tiny model, 40 pairs, and the arguments of a short SeRA run on them. */
async function prepare(
  dir: string,
  weights = ["--rank", "4", "--dropout", "0.1", "--responses", "16"],
): Promise<(out: string) => string[]> {
  const model = join(dir, "model"), data = join(dir, "pairs.jsonl");
  await makeTinyModelFolder(model, { seed: 7 });
  const pairs = tinyPairs(40, 3);
  const prompt = pairs[0]?.prompt;
  const unusable = [
    { id: "same", prompt, chosen: "red red", rejected: "red red" },
    { id: "silent", prompt, chosen: "red", rejected: "" },
  ];
  await Deno.writeTextFile(data, jsonLines([...pairs, ...unusable]));
  return (out) => [
    ...["--model", model, "--data", data, "--out", join(dir, out)],
    ...["--lr", "0.02", "--batch", "6", "--flip-labels", "0.2"],
    ...["--max-new-tokens", "64", "--checkpoint-seconds", "0"],
    ...weights,
  ];
}

async function adapterBytes(dir: string, out: string): Promise<string> {
  const bytes = await Deno.readFile(join(dir, out, "adapter", "adapter_model.safetensors"));
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function readRecord(dir: string, out: string): Promise<RunRecord> {
  return JSON.parse(await Deno.readTextFile(join(dir, out, "record.json")));
}

Deno.test("align repeats exactly, survives kill -9 at ten moments, and refuses another config", async (t) => {
  await withTempDir(async (dir) => {
    const args = await prepare(dir);
    const start = performance.now();
    const first = await runScript("align", args("a"));
    const duration = performance.now() - start;
    assert.equal(first.code, 0, first.stderr);
    const expected = await adapterBytes(dir, "a");
    const record = await readRecord(dir, "a");

    await t.step("the record holds steps, iterations and what was kept", async () => {
      assert.equal(record.iterations.length, 3);
      assert.equal(record.steps.length, 18);
      assert.ok(Math.abs((record.steps[0]?.loss ?? 0) - Math.LN2) < 1e-6, "step 1 is ln 2");
      assert.ok((record.steps[17]?.loss ?? 1) < 0.6, "the loss falls");
      for (const [i, metrics] of record.iterations.entries()) {
        assert.equal(metrics.offlinePairs, i === 0 ? 36 : 25);
        for (const name of ["heldOutAccuracy", "kl", "flippedSelected"] as const) {
          assert.equal(typeof metrics[name], "number", name);
        }
      }
      const { read, train, heldOut, skippedFor, dropped } = record.data;
      assert.deepEqual({ read, train, heldOut, skippedFor, dropped }, {
        ...{ read: 42, train: 36, heldOut: 4, dropped: 0 },
        skippedFor: { "chosen = rejected": 1, "an empty answer": 1 },
      });
      const card = await Deno.readTextFile(join(dir, "a", "adapter", "README.md"));
      assert.match(card, /2 pairs left out/);
      assert.match(card, /top margins of the given pairs, and pairs the policy writes and ranks/);
      const rows = (await Deno.readTextFile(join(dir, "a", "selection", "iteration-3.jsonl")))
        .trim().split("\n").map((line) => JSON.parse(line));
      assert.equal(rows.length, 36);
      assert.equal(rows.filter((row) => row.kept).length, 25);
      const cut = Math.min(...rows.filter((row) => row.kept).map((row) => row.margin));
      assert.ok(rows.every((row) => row.kept || row.margin <= cut), "the top margins are kept");
      assert.match(await Deno.readTextFile(join(dir, "a", "report.html")), /<svg/);
    });

    await t.step("the generated pairs are pairs of given prompts, best before worst", async () => {
      const lines = (await Deno.readTextFile(join(dir, "a", "generated.jsonl"))).trim();
      const rows = lines === "" ? [] : lines.split("\n").map((line) => JSON.parse(line));
      assert.equal(
        rows.length,
        record.iterations.reduce((sum, it) => sum + (it.onPolicyPairs ?? 0), 0),
      );
      for (const row of rows) assert.ok(row.chosen_reward > row.rejected_reward);
    });

    await t.step("results that were deleted of a finished run are written again", async () => {
      const { stderr: untouched } = await runScript("align", args("a"));
      assert.ok(!untouched.includes("is gone"), untouched);
      await Deno.remove(join(dir, "a", "report.html"));
      await Deno.remove(join(dir, "a", "adapter"), { recursive: true });
      const again = await runScript("align", args("a"));
      assert.equal(again.code, 0, again.stderr);
      assert.match(again.stderr, /adapter_model.safetensors, report.html is gone: writing/);
      assert.equal(await adapterBytes(dir, "a"), expected);
      assert.match(await Deno.readTextFile(join(dir, "a", "report.html")), /<svg/);
      const left = [...Deno.readDirSync(join(dir, "a", "adapter"))].map(({ name }) => name).sort();
      assert.deepEqual(left, ["README.md", "adapter_config.json", "adapter_model.safetensors"]);
    });

    await t.step("its config.yaml repeats it in another folder, bit for bit", async () => {
      const config = ["--config", join(dir, "a", "config.yaml")];
      const second = await runScript("align", [...config, "--out", join(dir, "b")]);
      assert.equal(second.code, 0, second.stderr);
      // All but what clock and machine decide.
      const { machine, timings } = record;
      assert.deepEqual({ ...await readRecord(dir, "b"), machine, timings }, record);
      assert.equal(await adapterBytes(dir, "b"), expected);
      const same = await runScript("align", config);
      assert.match(same.stdout, /finished already/);
    });

    await t.step("a finished run says so and changes nothing", async () => {
      for (const name of ["adapter/adapter_model.safetensors", "values/reference.json"]) {
        leaveBehind(join(dir, "a", name));
      }
      const again = await runScript("align", args("a"));
      assert.equal(again.code, 0, again.stderr);
      assert.match(again.stdout, /finished already/);
      assert.deepEqual(leftBehind(join(dir, "a")), []);
    });

    await t.step("another config in the same folder is refused, naming the option", async () => {
      const other = await runScript("align", [...args("a"), "--gamma", "0.5"]);
      assert.equal(other.code, 1);
      assert.match(other.stderr, /error: .*gamma was 0.3, is 0.5/);
      assert.equal(await adapterBytes(dir, "a"), expected);
    });

    for (let kill = 0; kill < 10; kill++) {
      await t.step(`kill -9, moment ${kill + 1}`, async () => {
        const out = `kill-${kill}`;
        const child = spawnScript("align", args(out));
        const delay = duration * (0.25 + 0.75 * createPrng(5, "kill", kill).uniform());
        const timer = setTimeout(() => {
          try {
            child.kill("SIGKILL");
          } catch {
            // It was faster.
          }
        }, delay);
        await child.output();
        clearTimeout(timer);
        const isBegun = existsSync(join(dir, out, "state.json"));
        const resumed = await runScript("align", args(out));
        assert.equal(resumed.code, 0, resumed.stderr);
        if (isBegun && !resumed.stdout.includes("finished already")) {
          assert.match(resumed.stderr, new RegExp(`continuing the run in .*${out}\n`));
        }
        assert.deepEqual(leftBehind(join(dir, out)), []);
        assert.equal(await adapterBytes(dir, out), expected);
        const { steps, iterations } = await readRecord(dir, out);
        assert.deepEqual({ steps, iterations }, {
          steps: record.steps,
          iterations: record.iterations,
        });
      });
    }
  });
});

Deno.test("score and generate use the adapter, in the order of the data", async () => {
  await withTempDir(async (dir) => {
    const args = await prepare(dir);
    const align = await runScript("align", [...args("run"), "--iterations", "1"]);
    assert.equal(align.code, 0, align.stderr);
    const model = ["--model", join(dir, "model"), "--adapter", join(dir, "run", "adapter")];
    const data = ["--data", join(dir, "pairs.jsonl")];
    const scored = await runScript("score", [
      ...model,
      ...data,
      "--out",
      join(dir, "scored.jsonl"),
    ]);
    assert.equal(scored.code, 0, scored.stderr);
    const rows = (await Deno.readTextFile(join(dir, "scored.jsonl"))).trim().split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(rows.map((row) => row.id), rows.map((_, i) => String(i)));
    // The held-out margin of the record, from the other command.
    const trained = new Set(
      (await Deno.readTextFile(join(dir, "run", "selection", "iteration-1.jsonl"))).trim()
        .split("\n").map((line) => JSON.parse(line).id),
    );
    const heldOut = rows.filter((row) => !trained.has(row.id));
    const margin = heldOut.reduce((sum, row) => sum + row.irm, 0) / heldOut.length;
    const [iteration] = (await readRecord(dir, "run")).iterations;
    assert.ok(Math.abs(margin - (iteration?.heldOutMargin ?? NaN)) < 1e-5, `${margin}`);

    const generate = (out: string) =>
      runScript("generate", [
        ...model,
        ...["--prompts", join(dir, "pairs.jsonl"), "--limit", "3", "--responses", "2"],
        ...["--max-new-tokens", "8", "--out", join(dir, out)],
      ]);
    const made = await generate("one.jsonl");
    assert.equal(made.code, 0, made.stderr);
    await generate("two.jsonl");
    const text = await Deno.readTextFile(join(dir, "one.jsonl"));
    assert.equal(text.trim().split("\n").length, 6);
    assert.equal(await Deno.readTextFile(join(dir, "two.jsonl")), text);
  });
});

Deno.test("full fine-tuning saves a model that scores like the policy", async () => {
  await withTempDir(async (dir) => {
    const args = await prepare(dir, ["--full"]);
    const options = ["--lr", "0.005", "--iterations", "2", "--method", "select"];
    const run = await runScript("align", [...args("full"), ...options]);
    assert.equal(run.code, 0, run.stderr);
    const scored = await runScript("score", [
      ...["--model", join(dir, "full", "model"), "--reference", join(dir, "model")],
      ...["--data", join(dir, "pairs.jsonl"), "--out", join(dir, "scored.jsonl")],
    ]);
    assert.equal(scored.code, 0, scored.stderr);
    const rows = (await Deno.readTextFile(join(dir, "scored.jsonl"))).trim().split("\n")
      .map((line) => JSON.parse(line));
    const record = await readRecord(dir, "full");
    const trained = new Set(
      (await Deno.readTextFile(join(dir, "full", "selection", "iteration-1.jsonl"))).trim()
        .split("\n").map((line) => JSON.parse(line).id),
    );
    const margins = rows.filter((row) => !trained.has(row.id)).map((row) => row.irm);
    const mean = margins.reduce((sum, margin) => sum + margin, 0) / margins.length;
    assert.ok(Math.abs(mean - (record.iterations[1]?.heldOutMargin ?? NaN)) < 1e-5, `${mean}`);
  });
});
