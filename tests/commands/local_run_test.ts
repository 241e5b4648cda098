/** `score` and `generate` in this process: stopped at any batch, they go on to the same bytes. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { generateResponses } from "../../experiments/commands/generate/generate_responses.ts";
import { generateCommand } from "../../experiments/commands/generate/options.ts";
import { scoreCommand } from "../../experiments/commands/score/options.ts";
import { scorePairs } from "../../experiments/commands/score/score_pairs.ts";
import { parseCommand } from "../../lib/cli/command.ts";
import { Decoder } from "../../lib/policy/decode.ts";
import { lockOutput } from "../../lib/files/output_lock.ts";
import { writeSafetensors } from "../../lib/policy/io/safetensors_writer.ts";
import { type ProgressSink, silentProgress } from "../../lib/progress/progress_sink.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { makeTinyModelFolder, TINY_CONFIG, tinyTensors } from "../support/tiny_model.ts";
import { jsonLines, tinyPairs } from "../support/tiny_pairs.ts";

const PAIRS = 12;

interface Place {
  readonly model: string;
  readonly other: string;
  readonly out: string;
  score(more: readonly string[], progress?: ProgressSink): Promise<string>;
  generate(more: readonly string[], progress?: ProgressSink): Promise<string>;
}

/** Two tiny models and the commands on them; each gives the text that it wrote. */
async function withPlace(action: (place: Place) => Promise<void>): Promise<void> {
  await withTempDir(async (dir) => {
    const [model, other] = [join(dir, "model"), join(dir, "other")];
    await makeTinyModelFolder(model, { seed: 1 });
    await makeTinyModelFolder(other, { seed: 2 });
    const data = join(dir, "pairs.jsonl"), out = join(dir, "out.jsonl");
    await Deno.writeTextFile(data, jsonLines(tinyPairs(PAIRS, 3)));
    await action({
      ...{ model, other, out },
      score: async (more, progress = silentProgress) => {
        const args = ["--model", model, "--data", data, "--out", out, "--max-rows", "80", ...more];
        await scorePairs(parseCommand(scoreCommand, args).options, progress);
        return Deno.readTextFileSync(out);
      },
      generate: async (more, progress = silentProgress) => {
        const args = ["--model", model, "--prompts", data, "--out", out, ...more];
        await generateResponses(parseCommand(generateCommand, [...args]).options, progress);
        return Deno.readTextFileSync(out);
      },
    });
  });
}

/** A sink that stops the command after so many batches. */
function stopAfter(batches: number): ProgressSink {
  let left = batches;
  return {
    ...silentProgress,
    advance: (n) => {
      if (n > 0 && --left === 0) throw new Error("stopped");
    },
  };
}

/** Batches that were decoded while the action ran. */
async function decodedBy(action: () => Promise<unknown>): Promise<number> {
  const { dispose } = Decoder.prototype;
  let count = 0;
  Decoder.prototype.dispose = function () {
    count++;
    dispose.call(this);
  };
  await action().finally(() => Decoder.prototype.dispose = dispose);
  return count;
}

/** How often the command told its progress that something was done. */
async function tellsOf(action: (progress: ProgressSink) => Promise<unknown>): Promise<number> {
  let count = 0;
  await action({ ...silentProgress, advance: (n) => void (n > 0 && count++) });
  return count;
}

const linesOf = (path: string) => Deno.readTextFileSync(path).trimEnd().split("\n");
const SAMPLED = ["--responses", "2", "--batch", "6", "--max-new-tokens", "8"];

Deno.test("generate goes on after a stop: batches that were kept are not decoded again", async () => {
  await withPlace(async ({ out, generate }) => {
    const kept = `${out}.batches.jsonl`;
    const whole = await generate(SAMPLED);
    assert.equal(whole.trimEnd().split("\n").length, 2 * PAIRS);
    assert.ok(!existsSync(kept));
    await Deno.remove(out);
    await assert.rejects(generate(SAMPLED, stopAfter(2)), /stopped/);
    assert.ok(!existsSync(out));
    assert.equal(linesOf(kept).length, 2);
    // A kill in the middle of a line: that batch is decoded again.
    const text = Deno.readTextFileSync(kept);
    await Deno.writeTextFile(kept, text.slice(0, -20));
    const decoded = await decodedBy(() => generate(SAMPLED));
    assert.equal(decoded, PAIRS / 3 - 1);
    assert.equal(Deno.readTextFileSync(out), whole);
    assert.ok(!existsSync(kept));
  });
});

Deno.test("generate takes no batch of another model, seed, rule or list of prompts", async () => {
  await withPlace(async ({ other, out, generate }) => {
    for (
      const changed of [
        ["--seed", "3"],
        ["--model", other],
        ["--temperature", "0.5"],
        ["--max-new-tokens", "4"],
        ["--responses", "3"],
        ["--limit", "5"],
      ]
    ) {
      await Deno.remove(`${out}.batches.jsonl`).catch(() => {});
      const whole = await generate([...SAMPLED, ...changed]);
      await assert.rejects(generate(SAMPLED, stopAfter(1)), /stopped/);
      assert.equal(await generate([...SAMPLED, ...changed]), whole, changed.join(" "));
    }
  });
});

Deno.test("score goes on after a stop under the policy or under the reference", async () => {
  await withPlace(async ({ other, out, score }) => {
    const kept = `${out}.batches.jsonl`, args = ["--reference", other];
    const whole = await score(args);
    assert.ok(!existsSync(kept));
    await Deno.remove(out);
    // In the first pass under the policy, and under the reference: one file holds both models' passes.
    const passes = await tellsOf((progress) => score(args, progress));
    await Deno.remove(out);
    assert.ok(passes >= 4, `${passes} passes: too few to stop at`);
    for (const stop of [1, passes / 2 + 1]) {
      await assert.rejects(score(args, stopAfter(stop)), /stopped/);
      assert.ok(!existsSync(out));
      assert.equal(linesOf(kept).length, stop);
    }
    assert.equal(await score(args), whole);
    assert.ok(!existsSync(kept));
  });
});

Deno.test("score takes what was kept, and of the same model alone", async () => {
  await withPlace(async ({ model, other, out, score }) => {
    const kept = `${out}.batches.jsonl`;
    const whole = await score([]);
    await assert.rejects(score([], stopAfter(1)), /stopped/);
    const [key, values] = JSON.parse(linesOf(kept)[0]!);
    values[0] = "-123.5";
    await Deno.writeTextFile(kept, JSON.stringify([key, values]) + "\n");
    const changed = await score([]);
    assert.equal(changed.split("\n").filter((line) => line.includes(":-123.5,")).length, 1);
    await assert.rejects(score([], stopAfter(1)), /stopped/);
    // The model is trained anew where it lay: nothing that was kept is its own.
    await Deno.copyFile(join(other, "model.safetensors"), join(model, "model.safetensors"));
    const trained = await score([]);
    assert.notEqual(trained, whole);
    assert.ok(!existsSync(kept));
    assert.equal(await score([]), trained);
  });
});

Deno.test("one process at a time writes an output: a second one is refused and disturbs nothing", async () => {
  await withPlace(async ({ out, score, generate }) => {
    for (const [command, args] of [[score, []], [generate, SAMPLED]] as const) {
      const whole = await command(args);
      await Deno.remove(out);
      await assert.rejects(command(args, stopAfter(2)), /stopped/);
      const kept = Deno.readTextFileSync(`${out}.batches.jsonl`);
      {
        using _lock = lockOutput(out);
        await assert.rejects(command(args), {
          name: "UserError",
          message: new RegExp(`^${out} is being written by process ${Deno.pid} .*another --out$`),
        });
      }
      assert.equal(Deno.readTextFileSync(`${out}.batches.jsonl`), kept);
      assert.equal(await command(args), whole);
      for (const beside of [".lock", ".batches.jsonl"]) assert.ok(!existsSync(out + beside));
      // Of a process that was killed.
      Deno.writeTextFileSync(`${out}.lock`, "{}");
      assert.equal(await command(args), whole);
    }
  });
});

Deno.test("a log-probability that is no number is named after a stop, too", async () => {
  await withPlace(async ({ model, score }) => {
    const tensors = tinyTensors(TINY_CONFIG, 1);
    tensors.get("model.norm.weight")!.data.fill(3e38); // the logits overflow
    await writeSafetensors(join(model, "model.safetensors"), tensors);
    await assert.rejects(score([], stopAfter(2)), /stopped/);
    // The first of these ends with all passes kept.
    for (const _again of [0, 1]) {
      await assert.rejects(score([]), /chosen_logp of record \d+ is (NaN|-Infinity)/);
    }
  });
});
