/** `sft` as a user runs it: child processes on a tiny model. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { loadPolicy } from "../../lib/policy/load_policy.ts";
import { sequenceLogps } from "../../lib/policy/sequence_logps.ts";
import { runScript, spawnScript } from "../support/run_script.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { makeTinyModelFolder } from "../support/tiny_model.ts";
import { jsonLines, tinyPairs } from "../support/tiny_pairs.ts";

interface SftRecord {
  readonly losses: number[];
  readonly heldOutLoss: { before: number; after: number };
  readonly data: { read: number; train: number; heldOut: number; dropped: Record<string, number> };
  readonly timings: { processes: number };
}

const user = (content: string) => ({ role: "user", content });
const assistant = (content: string) => ({ role: "assistant", content });

/** A tiny model and 40 conversations of two turns. */
async function prepare(dir: string): Promise<string[]> {
  const model = join(dir, "model"), data = join(dir, "chats.jsonl");
  await makeTinyModelFolder(model, { seed: 7 });
  const rows = tinyPairs(40, 3).map(({ prompt, chosen, rejected }) => ({
    messages: [user(prompt), assistant(chosen), user("and?"), assistant(rejected)],
  }));
  await Deno.writeTextFile(data, jsonLines([...rows, { messages: [user("alone")] }]));
  return [
    ...["--model", model, "--data", data, "--batch", "6", "--lr", "0.02", "--rank", "4"],
    ...["--dropout", "0.1", "--checkpoint-seconds", "0"],
  ];
}

const recordOf = async (dir: string, out: string): Promise<SftRecord> =>
  JSON.parse(await Deno.readTextFile(join(dir, out, "record.json")));

const weightsOf = (dir: string, out: string) =>
  Deno.readFileSync(join(dir, out, "adapter", "adapter_model.safetensors"));

Deno.test("sft trains, repeats exactly and survives kill -9 to the same bytes", async () => {
  await withTempDir(async (dir) => {
    const args = await prepare(dir);
    const whole = await runScript("sft", [...args, "--out", join(dir, "a")]);
    assert.equal(whole.code, 0, whole.stderr);
    const record = await recordOf(dir, "a");
    assert.equal(record.data.read, 41);
    assert.deepEqual(record.data.dropped, { "no turn of the assistant": 1 });
    // Two turns of each conversation; held out by conversation.
    assert.equal(record.data.train + record.data.heldOut, 80);
    assert.equal(record.losses.length, Math.floor(record.data.train / 6));
    assert.ok(record.heldOutLoss.after < record.heldOutLoss.before - 0.3, whole.stdout);

    let said = "";
    for (let kills = 1, finished = false; !finished; kills++) {
      const child = spawnScript("sft", [...args, "--out", join(dir, "b")]);
      const steps = join(dir, "b", "steps.jsonl");
      const timer = setInterval(() => {
        // Killed once it has logged a few more steps, until only few are left.
        const rows = existsSync(steps) ? Deno.readTextFileSync(steps).split("\n").length - 1 : 0;
        if (rows < 3 * kills || kills > 2) return;
        clearInterval(timer);
        child.kill("SIGKILL");
      }, 5);
      const { code, stderr } = await child.output().finally(() => clearInterval(timer));
      finished = code === 0;
      said = new TextDecoder().decode(stderr);
      assert.ok(kills < 10, "never finished");
    }
    assert.match(said, new RegExp(`continuing the run in ${join(dir, "b")}\n`));
    assert.match(said, /supervised fine-tuning: continuing after step [1-9]/);
    assert.deepEqual(weightsOf(dir, "b"), weightsOf(dir, "a"));
    const again = await recordOf(dir, "b");
    assert.deepEqual(again.losses, record.losses);
    assert.ok(again.timings.processes >= 2, "was never killed");
    const done = await runScript("sft", [...args, "--out", join(dir, "b")]);
    assert.match(done.stdout, /finished already/);
    const other = await runScript("sft", [...args, "--out", join(dir, "b"), "--seed", "1"]);
    assert.match(other.stderr, /other options: seed/);

    await loadPolicy(join(dir, "model"), join(dir, "a", "adapter"));
    const card = await Deno.readTextFile(join(dir, "a", "adapter", "README.md"));
    const front = parse(card.split("---")[1]!);
    assert.equal(front.library_name, "peft");
    assert.deepEqual(front.tags, ["sera", "sft", "lora"]);
    assert.match(card, /loss after, nats per token \| \d/);
    assert.match(card, /left out: 1 no turn of the assistant/);
    assert.ok(!card.includes(dir), "names a folder of this machine");
    const repeated = await runScript("sft", [
      ...["--config", join(dir, "a", "config.yaml"), "--out", join(dir, "c"), "--merge"],
    ]);
    assert.equal(repeated.code, 0, repeated.stderr);
    assert.deepEqual(weightsOf(dir, "c"), weightsOf(dir, "a"));
    const config = Deno.readTextFileSync(join(dir, "c", "config.yaml"));
    assert.doesNotMatch(config, /^(config|force):/m, "it could not be given as --config again");
    // A run that has finished can be merged later, once: to the same bytes.
    const mergedOf = (out: string) =>
      Deno.readFileSync(join(dir, out, "model", "model.safetensors"));
    const later = await runScript("sft", [...args, "--out", join(dir, "a"), "--merge"]);
    assert.equal(later.code, 0, later.stderr);
    assert.match(later.stdout, /finished already.*\ndone: .*model\n/);
    assert.deepEqual(mergedOf("a"), mergedOf("c"));
    assert.deepEqual(await recordOf(dir, "a"), record);
    assert.match(Deno.readTextFileSync(join(dir, "a", "config.yaml")), /merge: true/);
    const nothing = await runScript("sft", [...args, "--out", join(dir, "a"), "--merge"]);
    assert.match(nothing.stdout, /^finished already: see .*\n$/);
    const group = { promptIds: Int32Array.of(5, 9, 30), completions: [Int32Array.of(40, 41, 7)] };
    const [adapted, merged] = await Promise.all([
      loadPolicy(join(dir, "model"), join(dir, "c", "adapter")),
      loadPolicy(join(dir, "c", "model")),
    ]);
    const [first, second] = [
      await sequenceLogps(adapted.model, [group]),
      await sequenceLogps(merged.model, [group]),
    ];
    assert.ok(Math.abs(first[0]![0]! - second[0]![0]!) < 1e-4, `${first} ${second}`);
  });
});

Deno.test("sft puts a chat template on a model that has none, and keeps it with the result", async () => {
  await withTempDir(async (dir) => {
    const args = await prepare(dir), model = join(dir, "model");
    const path = join(model, "tokenizer_config.json");
    const { chat_template, ...rest } = JSON.parse(await Deno.readTextFile(path));
    await Deno.writeTextFile(path, JSON.stringify(rest));
    const short = [...args, "--steps", "1", "--limit", "6", "--full", "--lr", "1e-4"]
      .filter((arg, i, all) =>
        !["--rank", "--dropout"].includes(all[i - 1] ?? "") &&
        !["--rank", "--dropout"].includes(arg)
      );
    const refused = await runScript("sft", [...short, "--out", join(dir, "no")]);
    assert.match(refused.stderr, /has no chat template/);
    const template = join(dir, "t.jinja");
    await Deno.writeTextFile(template, chat_template);
    const out = join(dir, "out");
    const { code, stderr } = await runScript("sft", [
      ...short,
      "--out",
      out,
      "--template",
      template,
    ]);
    assert.equal(code, 0, stderr);
    const { files } = await loadPolicy(join(out, "model"));
    assert.ok(files.tokenizer.hasChatTemplate);

    // Beside an adapter, too: who scores or samples with it gets the prompts that it was trained on.
    const lora = join(dir, "lora");
    const tuned = await runScript("sft", [
      ...[...args, "--steps", "1", "--limit", "6", "--template", template, "--out", lora],
    ]);
    assert.equal(tuned.code, 0, tuned.stderr);
    const adapted = await loadPolicy(model, join(lora, "adapter"));
    assert.equal(adapted.files.tokenizer.fingerprint, files.tokenizer.fingerprint);
    assert.ok(!(await loadPolicy(model)).files.tokenizer.hasChatTemplate);
    const names = [...Deno.readDirSync(join(lora, "adapter"))].map(({ name }) => name);
    for (const name of ["tokenizer.json", "tokenizer_config.json"]) assert.ok(names.includes(name));
    await Deno.writeTextFile(join(dir, "pairs.jsonl"), jsonLines(tinyPairs(4, 3)));
    const scored = await runScript("score", [
      ...["--model", model, "--adapter", join(lora, "adapter"), "--reference", model],
      ...["--data", join(dir, "pairs.jsonl"), "--out", join(dir, "scored.jsonl")],
    ]);
    assert.equal(scored.code, 0, scored.stderr);
  });
});

Deno.test("sft of all weights and all tokens, on the chosen answers of pairs; align goes on from it", async () => {
  await withTempDir(async (dir) => {
    const model = join(dir, "model"), data = join(dir, "pairs.jsonl");
    await makeTinyModelFolder(model, { seed: 7 });
    await Deno.writeTextFile(data, jsonLines(tinyPairs(30, 3)));
    const tuned = join(dir, "sft");
    const { code, stderr } = await runScript("sft", [
      ...["--model", model, "--data", data, "--out", tuned, "--full", "--train-on", "all"],
      ...["--lr", "0.005", "--steps", "8", "--schedule", "constant"],
    ]);
    assert.equal(code, 0, stderr);
    const { heldOutLoss, losses } = await recordOf(dir, "sft");
    assert.equal(losses.length, 8);
    assert.ok(heldOutLoss.after < heldOutLoss.before);
    assert.match(await Deno.readTextFile(join(tuned, "model", "README.md")), /all tokens/);
    const aligned = await runScript("align", [
      ...["--model", join(tuned, "model"), "--data", data, "--out", join(dir, "align")],
      ...["--iterations", "1", "--steps", "2", "--method", "plain", "--evaluation-prompts", "2"],
      ...["--max-new-tokens", "8"],
    ]);
    assert.equal(aligned.code, 0, aligned.stderr);
    const card = await Deno.readTextFile(join(dir, "align", "adapter", "README.md"));
    assert.match(card, /SeRA \(arXiv 2410.09362\) with the loss `dpo`/);
    assert.match(card, /accuracy of implicit margins \| [\d.]+ \| 3 held-out pairs/);
    assert.ok(!card.includes(dir), "names a folder of this machine");
  });
});
