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

Deno.test("only a refused first job ends the watch; later refusals are told and tried again", () =>
  withTempDir(async (dir) => {
    // In Slurm's place: tasks end before sbatch does, unless the file "refuse" has it say no.
    const refuse = join(dir, "refuse");
    const sbatch = `#!/bin/sh\n[ -e ${refuse} ] && { echo "limit reached" >&2; exit 1; }\n` +
      `cat > ${dir}/job.sh\nlast=$(echo "$@" | sed "s/.*--array=0-\\([0-9]*\\).*/\\1/")\n` +
      `for i in $(seq 0 $last); do SLURM_ARRAY_TASK_ID=$i sh ${dir}/job.sh > /dev/null; done\n` +
      `echo job >> ${dir}/jobs\nwc -l < ${dir}/jobs\n`;
    Deno.mkdirSync(join(dir, "bin"));
    Deno.writeTextFileSync(join(dir, "bin", "sbatch"), sbatch, { mode: 0o755 });
    Deno.writeTextFileSync(join(dir, "bin", "squeue"), "#!/bin/sh\n", { mode: 0o755 });
    const path = Deno.env.get("PATH") as string;
    Deno.env.set("PATH", `${join(dir, "bin")}:${path}`);
    try {
      const plan = join(dir, "plan.tsv");
      planOf(plan, 3);
      // Run 1 fails once, and then sbatch takes no more.
      const once = `${dir}/once`;
      const command = commandOf(
        dir,
        `[ $index = 1 ] && [ ! -e ${once} ] && { touch ${once} ${refuse}; exit 1; }`,
      );
      const messages: string[] = [];
      let looks = 0;
      const progress = {
        ...silentProgress,
        message: (text: string) => messages.push(text),
        advance: (_: number, { waiting }: { waiting?: number } = {}) => {
          const refused = waiting !== undefined && messages.at(-1)?.startsWith("warning");
          if (refused && ++looks === 3) Deno.removeSync(refuse);
        },
      };
      const options = { command, attempts: 2, pollSeconds: 0.05, progress };
      Deno.writeTextFileSync(refuse, "");
      await assert.rejects(runOnSlurm(plan, options), {
        name: "UserError",
        message: "sbatch refused the job: limit reached",
      });
      Deno.removeSync(refuse);
      assert.deepEqual(await runOnSlurm(plan, options), []);
      assert.deepEqual(startsOf(dir), [0, 1, 1, 2]);
      assert.deepEqual(messages, [
        "job 1: 3 runs",
        "warning: sbatch refused the job: limit reached: trying again",
        "job 2: 1 runs, 1 of them again",
      ]);
    } finally {
      Deno.env.set("PATH", path);
    }
  }));

Deno.test({
  name: "Slurm: a refusal after the first job is told once and does not end the watch",
  ignore,
  fn: () =>
    withTempDir(async (dir) => {
      await using cluster = await startSlurm(dir);
      Object.entries(cluster.env).forEach(([name, value]) => Deno.env.set(name, value));
      const plan = join(dir, "plan.tsv");
      planOf(plan, 2);
      const state = (to: string) =>
        cluster.command("scontrol", "update", "PartitionName=test", `State=${to}`);
      // Run 1 fails once, while the partition takes no jobs.
      const go = join(dir, "go");
      const command = commandOf(
        dir,
        `[ $index = 1 ] && [ ! -e ${dir}/once ] && ` +
          `{ touch ${dir}/once; while [ ! -e ${go} ]; do sleep 0.2; done; exit 1; }`,
      );
      const messages: string[] = [];
      const progress = {
        ...silentProgress,
        message: (text: string) => {
          messages.push(text);
          // A few looks later it takes them again.
          if (text.startsWith("warning")) setTimeout(() => state("UP"), 3000);
        },
      };
      const options = { command, attempts: 2, pollSeconds: 0.5, partition: "test" };
      const done = runOnSlurm(plan, { ...options, progress });
      while (!existsSync(join(dir, "once"))) await new Promise((go) => setTimeout(go, 100));
      await state("INACTIVE");
      Deno.writeTextFileSync(go, "");
      assert.deepEqual(await done, []);
      assert.deepEqual(startsOf(dir), [0, 1, 1]);
      const warnings = messages.filter((text) => text.startsWith("warning"));
      assert.equal(warnings.length, 1, messages.join("\n"));
      assert.match(warnings[0] ?? "", /^warning: sbatch refused the job: .*: trying again$/);
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
