/** `reproduce` on other machines gives the tables of local runs, byte for byte. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { projectRoot } from "../../lib/engine/layout.ts";
import { slurmInstalled, startSlurm } from "../support/slurm_cluster.ts";
import { withTempDir } from "../support/temp_dir.ts";

const study = ["bootstrapping", "--preset", "smoke", "--seeds", "1", "--skip-notebooks"];

async function reproduce(args: string[], env: Record<string, string> = {}) {
  const main = `${projectRoot}experiments/commands/reproduce/main.ts`;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", main, ...args],
    env,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Every table that must not change, by name. */
function tables(out: string): Map<string, string> {
  const folder = join(out, "smoke", "tables");
  return new Map(
    [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => !name.includes("_times"))
      .sort().map((name) => [name, Deno.readTextFileSync(join(folder, name))]),
  );
}

Deno.test("runs by index, in any order and twice at once, merge into the tables of local runs", async () => {
  await withTempDir(async (dir) => {
    const [local, swept, plan] = ["local", "swept", "plan.tsv"].map((name) => join(dir, name)) as [
      ...[string, string, string],
    ];
    const own = await reproduce([...study, "--out", local, "--jobs", "1"]);
    assert.equal(own.code, 0, own.stderr);
    const written = await reproduce([...study, "--out", swept, "--plan", plan]);
    assert.equal(written.code, 0, written.stderr);
    const runs = Deno.readTextFileSync(plan).trimEnd().split("\n").slice(1);
    assert.ok(runs.length >= 2);
    assert.match(written.stdout, new RegExp(`^${runs.length} runs: `));
    const byIndex = (index: number) => reproduce(["--plan", plan, "--index", `${index}`]);
    for (const index of runs.keys()) {
      if (index === 0) continue;
      assert.equal((await byIndex(index)).code, 0);
    }
    const early = await reproduce([...study, "--out", swept, "--plan", plan, "--merge"]);
    assert.equal(early.code, 1);
    assert.match(early.stdout, /1 without a result/);
    for (const { code, stderr } of await Promise.all([byIndex(0), byIndex(0)])) {
      assert.equal(code, 0, stderr);
    }
    assert.match((await byIndex(0)).stdout, /there already/);
    const late = await reproduce([...study, "--out", swept, "--plan", plan, "--merge"]);
    assert.equal(late.code, 0, late.stderr + late.stdout);
    assert.deepEqual(tables(swept), tables(local));
    const beyond = await byIndex(99);
    assert.equal(beyond.code, 2);
    assert.match(beyond.stderr, /--index 99: .*plan.tsv has the runs 0 to/);
    const changed = Deno.readTextFileSync(plan).replace(/\n0\t..../, "\n0\tbeef");
    Deno.writeTextFileSync(plan, changed);
    assert.match((await byIndex(0)).stderr, /is not what this code plans there/);
  });
});

Deno.test({
  name: "Slurm's runs give the tables of local runs",
  ignore: !slurmInstalled, // apt install slurm-wlm munge, as root
  fn: () =>
    withTempDir(async (dir) => {
      await using cluster = await startSlurm(dir);
      const [local, swept] = [join(dir, "local"), join(dir, "swept")];
      const own = await reproduce([...study, "--out", local, "--jobs", "1"]);
      assert.equal(own.code, 0, own.stderr);
      const slurm = ["--executor", "slurm", "--partition", "test", "--time", "10"];
      const done = await reproduce(
        [...study, "--out", swept, "--plan", join(dir, "plan.tsv"), ...slurm],
        { ...cluster.env },
      );
      assert.equal(done.code, 0, done.stderr + done.stdout);
      assert.match(done.stdout, /(\d+) runs: \1 done, 0 failed/);
      assert.deepEqual(tables(swept), tables(local));
    }),
});
