import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { createPrng } from "../../lib/random/prng.ts";
import { openRunDirectory } from "../../lib/storage/run_directory.ts";
import { startHeldWriter } from "../support/held_writer.ts";
import { inTemporaryFolder } from "./crash.ts";

const script = fileURLToPath(new URL("./killed_run.ts", import.meta.url));
const STEPS = "120";

function start(folder: string, ...more: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", script, folder, STEPS, ...more],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Waits until the child says that it holds the folder; returns a reader to be cancelled. */
async function untilOpen(child: Deno.ChildProcess): Promise<ReadableStreamDefaultReader> {
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  assert.match(new TextDecoder().decode(value), /^open/);
  return reader;
}

Deno.test("killed with SIGKILL again and again, a run ends as an undisturbed one", () =>
  inTemporaryFolder(async (parent) => {
    const quiet = join(parent, "quiet");
    const begun = performance.now();
    assert.ok((await start(quiet).output()).success);
    const whole = performance.now() - begun;

    const killed = join(parent, "killed");
    const prng = createPrng(1, "kill");
    let kills = 0;
    for (let attempt = 0; attempt < 6; attempt++) {
      const child = start(killed);
      const reader = await untilOpen(child);
      await new Promise((resolve) => setTimeout(resolve, prng.uniform() * whole * 0.3));
      try {
        child.kill("SIGKILL");
      } catch { /* it had finished */ }
      await reader.cancel();
      await child.stderr.cancel();
      if ((await child.status).signal === "SIGKILL") kills++;
    }
    assert.ok(kills >= 2, `only ${kills} of 6 kills met a living process`);
    const last = await start(killed).output();
    assert.ok(last.success, new TextDecoder().decode(last.stderr));
    for (const name of ["final.bin", "steps.jsonl", "config.json", "state.json"]) {
      assert.deepEqual(
        Deno.readFileSync(join(killed, name)),
        Deno.readFileSync(join(quiet, name)),
        name,
      );
    }
  }));

Deno.test("a second process is refused while the first one lives, and let in when it was killed", () =>
  inTemporaryFolder(async (folder) => {
    const first = start(folder, "hold");
    const reader = await untilOpen(first);
    const second = await start(folder).output();
    assert.equal(second.success, false);
    assert.match(
      new TextDecoder().decode(second.stderr),
      new RegExp(`is being written by process ${first.pid} on`),
    );
    first.kill("SIGKILL");
    await reader.cancel();
    await first.stderr.cancel();
    await first.status;
    assert.ok((await start(folder).output()).success);
  }));

Deno.test("a clock that was set back, and files from the future, change nothing", () =>
  inTemporaryFolder(async (parent) => {
    const quiet = join(parent, "quiet");
    assert.ok((await start(quiet).output()).success);
    const set = join(parent, "set-back");
    const child = start(set);
    const reader = await untilOpen(child);
    while (!(existsSync(join(set, "checkpoints")))) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    child.kill("SIGKILL");
    await reader.cancel();
    await child.stderr.cancel();
    await child.status;
    const soon = new Date(Date.now() + 86_400_000);
    for (const folder of [set, join(set, "checkpoints")]) {
      for (const { name } of Deno.readDirSync(folder)) {
        Deno.utimeSync(join(folder, name), soon, soon);
      }
    }
    const last = await start(set, "clock-back").output();
    assert.ok(last.success, new TextDecoder().decode(last.stderr));
    for (const name of ["final.bin", "steps.jsonl", "config.json", "state.json"]) {
      assert.deepEqual(
        Deno.readFileSync(join(set, name)),
        Deno.readFileSync(join(quiet, name)),
        name,
      );
    }
  }));

Deno.test("a half-written adapter and value go when the run is opened again; what lives stays", () =>
  inTemporaryFolder(async (folder) => {
    openRunDirectory(folder, { seed: 7 }).close();
    const written = () =>
      [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
        isDirectory
          ? [...Deno.readDirSync(join(folder, name))].map((entry) => `${name}/${entry.name}`)
          : name === ".lock" || name.endsWith(".json")
          ? []
          : [name]
      ).sort();
    for (const name of ["adapter/adapter_model.safetensors", "values/reference.json"]) {
      await (await startHeldWriter(join(folder, name))).kill();
    }
    const left = written();
    assert.match(left[0] ?? "", /^adapter\/adapter_model\.safetensors\..*\.being-written$/);
    assert.match(left[1] ?? "", /^values\/reference\.json\..*\.being-written$/);
    assert.equal(left.length, 2);
    Deno.writeTextFileSync(join(folder, "values", "sft.json"), "{}");
    // Of a run that went on on another machine: the folder is this process's alone.
    Deno.writeTextFileSync(join(folder, "values", "sft.json.elsewhere-1-1.being-written"), "{");
    const living = await startHeldWriter(join(folder, "scores.jsonl"));
    openRunDirectory(folder, { seed: 7 }).close();
    const [held, ...rest] = written();
    assert.match(held ?? "", /^scores\.jsonl\..*\.being-written$/);
    assert.deepEqual(rest, ["values/sft.json"]);
    await living.finish();
    openRunDirectory(folder, { seed: 7 }).close();
    assert.deepEqual(written(), ["scores.jsonl", "values/sft.json"]);
  }));
