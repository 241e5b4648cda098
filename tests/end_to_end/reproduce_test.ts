/** `reproduce` as a user runs it: stopped, continued, robbed of records, in other job counts. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../lib/engine/layout.ts";
import { createPrng } from "../../lib/random/prng.ts";
import type { StudyRecord } from "../../lib/study/record.ts";
import { taskArguments } from "../support/task_arguments.ts";
import { withTempDir } from "../support/temp_dir.ts";

/** Bootstrapping's smallest preset: selection, full SeRA and cross-fitted SeRA on two seeds. */
function spawnReproduce(out: string, jobs: number): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...taskArguments("reproduce"),
      ...["bootstrapping", "--preset", "smoke", "--seeds", "2", "--skip-notebooks"],
      ...["--jobs", String(jobs), "--out", out],
    ],
    cwd: projectRoot,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function reproduce(out: string, jobs: number): Promise<string> {
  const { code, stdout, stderr } = await spawnReproduce(out, jobs).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.equal(code, 0, text(stdout) + text(stderr));
  return text(stdout);
}

/** Every table that must not change, by name. */
function tables(out: string): Map<string, string> {
  const folder = join(out, "smoke", "tables");
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  return new Map(
    names.filter((name) => !name.includes("_times")).sort()
      .map((name) => [name, Deno.readTextFileSync(join(folder, name))]),
  );
}

function linesOf(path: string): string[] {
  return existsSync(path) ? Deno.readTextFileSync(path).split("\n").filter(Boolean) : [];
}

/** What a record must repeat, by hash. */
function results(lines: readonly string[]): Map<string, unknown> {
  return new Map(
    lines.map((line) => JSON.parse(line) as StudyRecord & { seal: string })
      .map(({ hash, volatile: _v, seal: _s, ...rest }): [string, unknown] => [hash, rest])
      .sort(([a], [b]) => a < b ? -1 : 1),
  );
}

Deno.test("reproduce: Ctrl-C keeps finished runs; without half its records it ends the same", async () => {
  await withTempDir(async (out) => {
    const path = join(out, "records", "bootstrapping.jsonl");

    const interrupted = spawnReproduce(out, 2);
    let ended = false;
    interrupted.status.then(() => ended = true);
    while (linesOf(path).length === 0 && !ended) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    if (!ended) interrupted.kill("SIGINT");
    const { code, stderr } = await interrupted.output();
    assert.equal(code, 130);
    assert.match(new TextDecoder().decode(stderr), /finished runs are kept; the same command/);
    const kept = linesOf(path);
    assert.ok(kept.length >= 1 && kept.length < 6, `${kept.length} records`);

    const found = `6 runs: ${kept.length} found, ${6 - kept.length} done, 0 failed`;
    assert.ok((await reproduce(out, 2)).includes(found), found);
    const lines = linesOf(path);
    assert.deepEqual(lines.slice(0, kept.length), kept, "finished runs are not repeated");
    const expected = tables(out);
    assert.ok(
      expected.has("bootstrapping_verdicts.csv") && expected.has("bootstrapping_summary.csv"),
    );

    const left = createPrng(0, "records that stay").shuffle(lines).slice(0, 3);
    Deno.writeTextFileSync(path, left.map((line) => line + "\n").join(""));
    Deno.removeSync(join(out, "smoke", "tables"), { recursive: true });
    assert.match(await reproduce(out, 1), /6 runs: 3 found, 3 done, 0 failed/);
    assert.deepEqual(results(linesOf(path)), results(lines));
    assert.deepEqual(tables(out), expected);
  });
});
