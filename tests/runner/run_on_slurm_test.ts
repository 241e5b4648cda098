import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { silentProgress } from "../../lib/progress/progress_sink.ts";
import { runOnSlurm } from "../../lib/runner/run_on_slurm.ts";
import { partsOf, type SweepRun, writeSweep } from "../../lib/runner/sweep_plan.ts";
import { slurmInstalled, startSlurm } from "../support/slurm_cluster.ts";
import { withTempDir } from "../support/temp_dir.ts";

const ignore = !slurmInstalled; // apt install slurm-wlm munge, as root

function planOf(path: string, count: number): SweepRun[] {
  const runs = Array.from({ length: count }, (_, seed): SweepRun => ({
    ...{ hash: `hash${seed}`, studies: ["noise"], preset: "smoke", condition: "c", arm: "a", seed },
  }));
  writeSweep(path, runs);
  return runs;
}

/** A command that logs its start and, where the shell text after it lets it, leaves a result. */
function commandOf(dir: string, body: string): string {
  const script = join(dir, "run.sh");
  Deno.writeTextFileSync(
    script,
    `#!/bin/sh\nindex=$1\nplan=${join(dir, "plan.tsv")}\necho $index >> ${join(dir, "started")}\n` +
      `echo "run $index"\n${body}\nmkdir -p $plan.parts\ntouch $plan.parts/hash$index.json\n`,
    { mode: 0o755 },
  );
  return script;
}

const startsOf = (dir: string) =>
  Deno.readTextFileSync(join(dir, "started")).trim().split("\n").map(Number).sort((a, b) => a - b);

Deno.test({
  name: "Slurm: all runs are done once; failures are tried again and reported with their logs",
  ignore,
  fn: () =>
    withTempDir(async (dir) => {
      await using cluster = await startSlurm(dir);
      Object.entries(cluster.env).forEach(([name, value]) => Deno.env.set(name, value));
      const plan = join(dir, "plan.tsv");
      planOf(plan, 6);
      // Run 1 always fails, run 2 once.
      const command = commandOf(
        dir,
        `[ $index = 1 ] && { echo broken; exit 3; }\n` +
          `[ $index = 2 ] && [ ! -e ${dir}/once ] && { touch ${dir}/once; exit 1; }`,
      );
      const options = { command, attempts: 2, pollSeconds: 0.5, progress: silentProgress };
      const failed = await runOnSlurm(plan, { ...options, partition: "test", arrayLimit: 2 });
      assert.deepEqual(failed.map(({ run }) => run.seed), [1]);
      assert.match(Deno.readTextFileSync(failed[0]?.log as string), /run 1\nbroken/);
      assert.deepEqual(startsOf(dir), [0, 1, 1, 2, 2, 3, 4, 5]);
      await assert.rejects(runOnSlurm(plan, { ...options, partition: "none" }), {
        name: "UserError",
        message: /sbatch refused the job: .*partition/,
      });
    }),
});

Deno.test({
  name: "Slurm: runs survive the submitter, scancel and a killed node, none is lost",
  ignore,
  fn: () =>
    withTempDir(async (dir) => {
      await using cluster = await startSlurm(dir);
      Object.entries(cluster.env).forEach(([name, value]) => Deno.env.set(name, value));
      const plan = join(dir, "plan.tsv");
      planOf(plan, 5);
      const go = join(dir, "go");
      const command = commandOf(dir, `while [ ! -e ${go} ]; do sleep 0.2; done`);
      const options = { command, attempts: 4, pollSeconds: 0.5, progress: silentProgress };
      const started = async (count: number) => {
        while (!existsSync(join(dir, "started")) || startsOf(dir).length < count) {
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
      };
      // A submitter that is killed once its jobs run.
      const submitter = new Deno.Command(Deno.execPath(), {
        args: [
          "eval",
          "--ext=ts",
          `import { runOnSlurm } from ${
            JSON.stringify(import.meta.resolve("../../lib/runner/run_on_slurm.ts"))
          };
           const quiet = () => {};
           await runOnSlurm(${JSON.stringify(plan)}, ${
            JSON.stringify(options)
              .replace(
                /"progress":\{\}/,
                '"progress":{phase:quiet,advance:quiet,message:quiet,done:quiet}',
              )
          });`,
        ],
        stdout: "null",
        stderr: "inherit",
      }).spawn();
      await started(2);
      submitter.kill("SIGKILL");
      await submitter.status;

      const messages: string[] = [];
      const progress = { ...silentProgress, message: (text: string) => messages.push(text) };
      const done = runOnSlurm(plan, { ...options, progress });
      // The two running tasks are cancelled; then the node dies in mid-run.
      const [job = ""] = (await cluster.command("squeue", "-h", "-t", "R", "-o", "%F")).split("\n");
      await cluster.command("scancel", `${job}_0`);
      await started(3);
      cluster.killNode();
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await cluster.startNode();
      Deno.writeTextFileSync(go, "");
      assert.deepEqual(await done, []);
      assert.deepEqual(
        [...Deno.readDirSync(partsOf(plan))].map(({ name }) => name).sort(),
        [0, 1, 2, 3, 4].map((i) => `hash${i}.json`),
      );
      const again = messages.filter((text) => text.includes("again")).join();
      assert.match(again, /job \d+: \d runs, \d of them again/);
    }),
});
