/** The folder that `data` writes, when it is written again. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { dataCommand } from "../../experiments/commands/data/options.ts";
import { prepareData } from "../../experiments/commands/data/prepare_data.ts";
import { parseCommand } from "../../lib/cli/command.ts";
import { acquireRunLock } from "../../lib/files/run_lock.ts";
import { silentProgress } from "../../lib/progress/progress_sink.ts";
import { assertUserError } from "../support/errors.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { jsonLines, tinyPairs } from "../support/tiny_pairs.ts";

const prepare = (...args: string[]) =>
  prepareData(parseCommand(dataCommand, args).options, silentProgress);

const linesOf = (...path: string[]) =>
  Deno.readTextFileSync(join(...path)).split("\n").filter((line) => line !== "").length;

Deno.test("data leaves no held-out pair behind that is now trained on", async () => {
  await withTempDir(async (dir) => {
    const data = join(dir, "pairs.jsonl"), out = join(dir, "out");
    await Deno.writeTextFile(data, jsonLines(tinyPairs(20, 1)));
    await prepare("--data", data, "--out", out, "--held-out", "0.2");
    assert.deepEqual([linesOf(out, "train.jsonl"), linesOf(out, "held_out.jsonl")], [16, 4]);
    await prepare("--data", data, "--out", out, "--held-out", "0");
    assert.equal(linesOf(out, "train.jsonl"), 20);
    assert.ok(!existsSync(join(out, "held_out.jsonl")));
    const { counts, sha256 } = JSON.parse(Deno.readTextFileSync(join(out, "record.json")));
    assert.deepEqual([counts.train, counts.heldOut, sha256.heldOut], [20, 0, undefined]);
  });
});

Deno.test("the share of longer chosen responses is that of the labels that are written", async () => {
  await withTempDir(async (dir) => {
    const data = join(dir, "pairs.jsonl"), out = join(dir, "out");
    const shorter = Array.from({ length: 6 }, (_, i) => ({
      ...{ prompt: `p${i}`, chosen: `yes ${i}`, rejected: `no, not at all ${i}` },
    }));
    await Deno.writeTextFile(data, jsonLines(shorter));
    const told = await prepare("--data", data, "--out", out, "--length-confound", "1");
    assert.match(told, /longer response is chosen in 100\.0 %[^]*labels changed: 6/);
    const { counts } = JSON.parse(Deno.readTextFileSync(join(out, "record.json")));
    assert.equal(counts.longerIsChosen, 1);
  });
});

Deno.test("a record says that the folder is whole: it is gone while the folder is written", async () => {
  await withTempDir(async (dir) => {
    const data = join(dir, "pairs.jsonl"), out = join(dir, "out");
    await Deno.writeTextFile(data, jsonLines(tinyPairs(6, 1)));
    await prepare("--data", data, "--out", out);
    // A folder in the place of a file: writing it fails, after train.jsonl was written.
    Deno.removeSync(join(out, "flips.jsonl"));
    Deno.mkdirSync(join(out, "flips.jsonl", "in the way"), { recursive: true });
    await assertUserError(() => prepare("--data", data, "--out", out), "flips.jsonl");
    assert.ok(!existsSync(join(out, "record.json")));
    // What is wrong with the data is found before the folder is touched.
    Deno.removeSync(join(out, "flips.jsonl"), { recursive: true });
    await prepare("--data", data, "--out", out);
    await Deno.writeTextFile(data, "{broken\n");
    await assertUserError(() => prepare("--data", data, "--out", out), "pairs.jsonl:1");
    assert.ok(existsSync(join(out, "record.json")));
  });
});

Deno.test("a folder that another process writes is refused before it is touched", async () => {
  await withTempDir(async (dir) => {
    const data = join(dir, "pairs.jsonl"), out = join(dir, "out");
    await Deno.writeTextFile(data, jsonLines(tinyPairs(6, 1)));
    await prepare("--data", data, "--out", out);
    const lock = acquireRunLock(out);
    const again = () => prepare("--data", data, "--out", out, "--held-out", "0.5");
    await assertUserError(again, `${out} is being written by process ${Deno.pid}`);
    assert.equal(linesOf(out, "train.jsonl"), 6);
    assert.ok(existsSync(join(out, "record.json")));
    lock.release();
    await again();
    assert.equal(linesOf(out, "train.jsonl"), 3);
  });
});

Deno.test("data that has noise already keeps its truth through more noise, or none", async () => {
  await withTempDir(async (dir) => {
    const rows = tinyPairs(20, 1).map((pair, i) => ({
      ...{ ...pair, id: `p${i}`, chosen: `good ${i}`, rejected: `bad ${i}` },
      ...{ score_chosen: 8, score_rejected: 5 },
    }));
    const data = join(dir, "pairs.jsonl");
    await Deno.writeTextFile(data, jsonLines(rows));
    const at = (name: string) => join(dir, name, "train.jsonl");
    const read = (name: string) =>
      Deno.readTextFileSync(at(name)).split("\n").filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    const right = (pairs: ReturnType<typeof read>) => {
      for (const { chosen, flipped, score_gap: gap } of pairs) {
        assert.equal(String(chosen).startsWith("bad"), flipped, `${chosen}`);
        assert.equal(gap, flipped === true ? -3 : 3, `${chosen}`);
      }
      return pairs.filter(({ flipped }) => flipped).length;
    };
    const held = ["--held-out", "0"];
    await prepare("--data", data, "--out", join(dir, "one"), ...held, "--flip-labels", "0.5");
    assert.equal(right(read("one")), 10);
    const again = ["--flip-labels", "0.4", "--flip-by", "gap", "--seed", "7"];
    await prepare("--data", at("one"), "--out", join(dir, "two"), ...held, ...again);
    assert.notDeepEqual(read("two"), read("one"));
    right(read("two"));
    await prepare("--data", at("two"), "--out", join(dir, "three"), ...held);
    assert.deepEqual(read("three"), read("two"));
    // CSV knows texts alone.
    const csv = join(dir, "pairs.csv");
    await Deno.writeTextFile(
      csv,
      "prompt,chosen,rejected,score_chosen,score_rejected,flipped\n" +
        "q,good,bad,8.5,6,false\nr,bad,good,2,5,True\n",
    );
    await prepare("--data", csv, "--out", join(dir, "four"), ...held);
    assert.deepEqual(
      read("four").map(({ score_gap: gap, flipped }) => [gap, flipped]),
      [[2.5, false], [-3, true]],
    );
    await Deno.writeTextFile(csv, "prompt,chosen,rejected,flipped\nq,good,bad,perhaps\n");
    await assertUserError(
      () => prepare("--data", csv, "--out", join(dir, "five"), ...held),
      'pairs.csv:2: "flipped" is "perhaps", neither true nor false',
    );
  });
});

Deno.test("data refuses to write over the records that it reads", async () => {
  await withTempDir(async (dir) => {
    const out = join(dir, "out"), data = join(out, "held_out.jsonl");
    Deno.mkdirSync(out);
    await Deno.writeTextFile(data, jsonLines(tinyPairs(6, 1)));
    const link = join(dir, "link");
    Deno.symlinkSync(out, link);
    for (const path of [data, out, join(link, "held_out.jsonl")]) {
      await assertUserError(() => prepare("--data", path, "--out", out), "would write");
    }
    assert.equal(linesOf(data), 6);
  });
});
