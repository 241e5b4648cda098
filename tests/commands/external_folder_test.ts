import assert from "node:assert/strict";
import { join } from "node:path";
import { endLeftBehind } from "../../experiments/commands/align/left_behind.ts";
import { commandsIn, logStart } from "../../experiments/commands/align/logged_commands.ts";
import { endGroup } from "../../lib/processes/end_group.ts";
import { liveProcesses } from "../../lib/processes/live_processes.ts";
import { openRunDirectory, recordedConfig } from "../../lib/storage/run_directory.ts";
import { withTempDir } from "../support/temp_dir.ts";

const old = { trainer: "train", serve: "vllm serve {checkpoint} --port {port}" };
const changed = { ...old, serve: `${old.serve} --gpu-memory-utilization 0.8` };
const startedAt = "2026-11-25T12:00:00.000Z";

/** Opens a run as `align --trainer` does and logs its start; what was warned of. */
function begin(folder: string, commands: typeof old): string[] {
  const kept = commandsIn(recordedConfig(folder));
  using run = openRunDirectory(folder, { command: "align", seed: 1, ...kept });
  const warnings: string[] = [];
  logStart(run, { startedAt, ...commands }, kept, (message) => warnings.push(message));
  return warnings;
}

const warning = [`--serve was ${old.serve}; what that command has done is kept and not done again`];

Deno.test("a run goes on with another --serve: commands are logged, and a change is said once", async () => {
  await withTempDir((dir) => {
    assert.deepEqual(begin(dir, old), []);
    assert.deepEqual(recordedConfig(dir), { command: "align", seed: 1 });
    assert.deepEqual(begin(dir, changed), warning);
    assert.deepEqual(begin(dir, changed), []);
    using run = openRunDirectory(dir, { command: "align", seed: 1 });
    assert.deepEqual(
      run.readJsonl("processes.jsonl"),
      [old, changed, changed].map((commands) => ({ startedAt, ...commands })),
    );
    return Promise.resolve();
  });
});

Deno.test("a run of earlier versions, with the commands in its config, goes on with others too", async () => {
  await withTempDir((dir) => {
    openRunDirectory(dir, { command: "align", seed: 1, ...old }).close();
    Deno.writeTextFileSync(join(dir, "processes.jsonl"), JSON.stringify({ startedAt }) + "\n");
    assert.deepEqual(begin(dir, changed), warning);
    assert.deepEqual(begin(dir, changed), []);
    assert.deepEqual(recordedConfig(dir), { command: "align", seed: 1, ...old });
    return Promise.resolve();
  });
});

Deno.test({
  name: "what a killed process left running is ended, of runs set aside by --force too",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await withTempDir(async (dir) => {
      const groups = ["", "previous-1"].map((run) => {
        const { pid, status } = new Deno.Command("sleep", {
          args: ["300"],
          ...{ detached: true, stdin: "null", stdout: "null", stderr: "null" },
        }).spawn();
        const logs = join(dir, run, "logs");
        Deno.mkdirSync(logs, { recursive: true });
        const started = liveProcesses().find((each) => each.pid === pid)?.started;
        Deno.writeTextFileSync(
          join(logs, "trainer-1.log.running"),
          JSON.stringify({ name: `the trainer in "${run}"`, host: Deno.hostname(), pid, started }),
        );
        return { pid, status };
      });
      const told: string[] = [];
      try {
        await endLeftBehind({ folder: dir }, (message) => told.push(message));
        assert.deepEqual(
          told,
          ["", "previous-1"].map((run, i) =>
            `ending the trainer in "${run}", which a process that was killed left running ` +
            `(process ${groups[i]?.pid})`
          ),
        );
        const live = liveProcesses();
        assert.ok(groups.every(({ pid }) => !live.some((each) => each.pid === pid)));
      } finally {
        for (const { pid, status } of groups) {
          await endGroup(pid, 0);
          await status;
        }
      }
    });
  },
});
