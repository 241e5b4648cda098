import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { runTrainer, type TrainerJob } from "../../lib/external/external_trainer.ts";
import { assertUserError } from "../support/errors.ts";
import { withTempDir } from "../support/temp_dir.ts";

const step = {
  ...{ loss: 0.69, margin: 0, accuracy: 0.5, chosenLogp: -3, rejectedLogp: -4 },
  ...{ learningRate: 1e-6, gradientNorm: 2, seconds: 0.1 },
};

/** Runs a trainer that is a line of shell: `$1` is the job's file, the folder has `out` and `steps`. */
async function train(dir: string, line: string, warn?: (message: string) => void) {
  const script = join(dir, "trainer.sh");
  Deno.writeTextFileSync(script, line);
  const job: TrainerJob = {
    ...{ iteration: 2, pairs: "pairs.jsonl", start: "start", sft: "sft", seed: 1, config: {} },
    ...{ output: join(dir, "out"), steps: join(dir, "steps") },
  };
  return await runTrainer(`cd '${dir}' && sh '${script}'`, job, join(dir, "job"), warn);
}

Deno.test("a trainer's steps are read, and those of an earlier try are gone", async () => {
  await withTempDir(async (dir) => {
    Deno.writeTextFileSync(join(dir, "steps"), "of an earlier try\n");
    const made = "mkdir -p out && echo weights > out/model.gguf";
    assert.deepEqual(await train(dir, `${made} && grep -q '"iteration": 2' "$1"`), []);
    const line = JSON.stringify({ ...step, epoch: 1 });
    assert.deepEqual(await train(dir, `${made} && echo '${line}' >> steps && echo >> steps`), [
      { iteration: 2, step: 1, ...step },
    ]);
  });
});

Deno.test("a training that ended well is not lost by steps that cannot be read: they are counted", async () => {
  await withTempDir(async (dir) => {
    const good = JSON.stringify(step);
    const warned = async (...lines: string[]) => {
      const warnings: string[] = [];
      const told = lines.map((line) => `echo '${line}' >> steps`).join(" && ");
      const made = "mkdir -p out && echo weights > out/model.gguf";
      const rows = await train(dir, `${made} && ${told}`, (message) => warnings.push(message));
      return [rows.map(({ step }) => step), warnings.join("\n").replaceAll(dir, "DIR")];
    };
    // As Python writes a gradient norm that overflowed.
    const overflowed = good.replace('"gradientNorm":2', '"gradientNorm":Infinity');
    assert.deepEqual(await warned(good, "", overflowed, good, "oops"), [
      [1, 3],
      "DIR/steps: 2 of 4 lines cannot be read, and the curves leave them out (line 3: it is no " +
      "JSON, which has no NaN or Infinity either; 1 more like it)",
    ]);
    assert.deepEqual(await warned('{"loss": null}'), [
      [],
      "DIR/steps: 1 of 1 lines cannot be read, and the curves leave them out " +
      '(line 1: "loss" is null, no number)',
    ]);
    const [rows, warning] = await warned(good, "\nnull");
    assert.deepEqual(rows, [1]);
    assert.match(`${warning}`, /1 of 2 lines .*\(line 3: "loss" is undefined, no number\)/);
    assert.deepEqual(await warned(good, good), [[1, 2], ""]);
  });
});

Deno.test("a trainer that fails or writes nothing is said, with its log", async () => {
  await withTempDir(async (dir) => {
    await assertUserError(
      () => train(dir, "echo out of memory; exit 3"),
      /trainer of iteration 2 ended with code 3: see .*job\.log/,
    );
    assert.match(Deno.readTextFileSync(join(dir, "job.log")), /out of memory/);
    await assertUserError(() => train(dir, "true"), /wrote no checkpoint into .*out: see/);
  });
});

Deno.test("what an earlier try wrote does not pass for the checkpoint of this one", async () => {
  await withTempDir(async (dir) => {
    const half = "mkdir -p out/checkpoint-1 && echo half > out/model.gguf";
    await assertUserError(() => train(dir, `${half} && kill -9 $$`), /ended with code 137: see/);
    assert.ok(existsSync(join(dir, "out", "model.gguf")));
    await assertUserError(() => train(dir, "echo failed softly"), /wrote no checkpoint into .*out/);
    assert.ok(!existsSync(join(dir, "out")));
  });
});

Deno.test("a checkpoint that cannot be whole is not accepted from a trainer that ended well", async () => {
  await withTempDir(async (dir) => {
    const out = "rm -rf out && mkdir out && cd out";
    const config = `${out} && echo '{}' > config.json`;
    const refused = async (line: string, reason: RegExp) => {
      await assertUserError(() => train(dir, line), reason);
      await assertUserError(() => train(dir, line), /ended well, but .*: see .*job\.log; the same/);
    };
    await refused(
      `${out} && echo '{}' > adapter_config.json`,
      /holds an adapter alone: write whole/,
    );
    await refused(`${out} && echo half > model.safetensors`, /out has no config\.json/);
    await refused(config, /out has no weights/);
    await refused(`${config} && : > model.bin`, /out has no weights/);
    // Eight bytes say that the header is two bytes long; then "{" alone.
    await refused(
      `${config} && printf '\\2\\0\\0\\0\\0\\0\\0\\0{' > model.safetensors`,
      /model\.safetensors/,
    );
    const shards = '{"weight_map": {"a": "model-1.safetensors"}}';
    await refused(
      `${config} && echo '${shards}' > model.safetensors.index.json`,
      /model-1\.safetensors/,
    );
    assert.deepEqual(await train(dir, `${config} && echo weights > pytorch_model.bin`), []);
  });
});
