/** `data` as a user runs it, on files in published schemas. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { leaveBehind, leftBehind } from "../support/left_behind.ts";
import { runScript } from "../support/run_script.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { makeTinyModelFolder } from "../support/tiny_model.ts";
import { jsonLines, tinyPairs } from "../support/tiny_pairs.ts";

const user = (content: string) => ({ role: "user", content });
const assistant = (content: string) => ({ role: "assistant", content });

/** Pairs in UltraFeedback's schema, the scores growing apart. */
function ultrafeedback(count: number) {
  return tinyPairs(count, 5).map(({ prompt, chosen, rejected }, i) => ({
    ...{ prompt, prompt_id: String(i), messages: [user(prompt), assistant(chosen)] },
    chosen: [user(prompt), assistant(chosen)],
    rejected: [user(prompt), assistant(rejected)],
    ...{ score_chosen: 5 + i / 10, score_rejected: 5 },
  }));
}

const rowsOf = (...path: string[]) =>
  Deno.readTextFileSync(join(...path)).split("\n").filter(Boolean).map((line) => JSON.parse(line));

Deno.test("data filters, splits, flips by gap and records all of it; align reads the result", async () => {
  await withTempDir(async (dir) => {
    const rows = ultrafeedback(60), model = join(dir, "model");
    await makeTinyModelFolder(model, { seed: 1 });
    const long = "same ".repeat(30);
    const twin = {
      ...rows[50]!,
      chosen: [user("twin"), assistant(`${long}yes`)],
      rejected: [user("twin"), assistant(`${long}no`)],
    };
    const empty = { ...rows[51]!, rejected: [user("e"), assistant("")] };
    const data = join(dir, "uf.jsonl"), out = join(dir, "out");
    await Deno.writeTextFile(data, jsonLines([...rows, rows[59], twin, empty]));
    for (const name of ["train.jsonl", "held_out.jsonl"]) leaveBehind(join(out, name));
    const { code, stdout, stderr } = await runScript("data", [
      ...["--data", data, "--out", out, "--model", model, "--max-length", "64"],
      ...["--min-gap", "1", "--held-out", "0.2", "--flip-labels", "0.25", "--flip-by", "gap"],
    ]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(leftBehind(out), [], "what a killed run left half-written stays");
    const { counts } = JSON.parse(Deno.readTextFileSync(join(out, "record.json")));
    assert.deepEqual(counts.dropped, {
      "a score gap below 1": 10,
      "the same pair before": 1,
      "made identical by cutting at 64 tokens": 1,
      "an empty response": 1,
    });
    assert.equal(counts.read, 63);
    assert.deepEqual([counts.train, counts.heldOut], [40, 10]);
    assert.match(stdout, /63 records: 40 pairs to train on, 10 held out, 13 left out/);
    const train = rowsOf(out, "train.jsonl"), heldOut = rowsOf(out, "held_out.jsonl");
    const flips = rowsOf(out, "flips.jsonl");
    assert.equal(flips.length, 10);
    const flipped = new Set(flips.map(({ id }) => id));
    for (const row of train) {
      const source = rows[Number(row.id)]!;
      assert.equal(row.flipped, flipped.has(row.id));
      const [chosen, rejected] = row.flipped ? [source.rejected, source.chosen] : [
        source.chosen,
        source.rejected,
      ];
      assert.deepEqual([row.chosen, row.rejected], [chosen.slice(1), rejected.slice(1)]);
      assert.equal(row.score_gap > 0, !row.flipped);
    }
    assert.ok(heldOut.every(({ id, flipped: marked }) => marked === undefined && !flipped.has(id)));
    assert.equal(rowsOf(out, "dropped.jsonl").length, 13);
    const again = join(dir, "again");
    const repeated = await runScript("data", [
      ...["--config", join(out, "config.yaml"), "--out", again],
    ]);
    assert.equal(repeated.code, 0, repeated.stderr);
    assert.deepEqual(rowsOf(again, "train.jsonl"), train);
    const aligned = await runScript("align", [
      ...["--model", model, "--data", join(out, "train.jsonl"), "--out", join(dir, "run")],
      ...["--iterations", "1", "--steps", "1", "--method", "plain", "--evaluation-prompts", "0"],
    ]);
    assert.equal(aligned.code, 0, aligned.stderr);
  });
});

Deno.test("data of HH-RLHF transcripts with a length confound; demonstrations are sent to sft", async () => {
  await withTempDir(async (dir) => {
    const data = join(dir, "hh.jsonl"), out = join(dir, "out");
    const transcripts = tinyPairs(20, 2).map(({ prompt, chosen, rejected }) => ({
      chosen: `\n\nHuman: ${prompt}\n\nAssistant: ${chosen}`,
      rejected: `\n\nHuman: ${prompt}\n\nAssistant: ${rejected}`,
    }));
    await Deno.writeTextFile(data, jsonLines(transcripts));
    const { code, stderr } = await runScript("data", [
      ...["--data", data, "--out", out, "--length-confound", "1"],
    ]);
    assert.equal(code, 0, stderr);
    const train = rowsOf(out, "train.jsonl");
    assert.equal(train.length, 20);
    for (const { prompt, chosen, rejected } of train) {
      assert.equal(prompt[0].role, "user");
      assert.ok(chosen[0].content.length >= rejected[0].content.length);
    }
    assert.equal(rowsOf(out, "flips.jsonl").length, train.filter((row) => row.flipped).length);
    const chats = join(dir, "chats.jsonl");
    await Deno.writeTextFile(chats, jsonLines([{ messages: [user("a"), assistant("b")] }]));
    const refused = await runScript("data", ["--data", chats, "--out", join(dir, "no")]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /demonstrations, not pairs: `sft` reads them/);
  });
});
