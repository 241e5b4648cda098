import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startServer } from "../../lib/external/model_server.ts";
import { runTrainer } from "../../lib/external/external_trainer.ts";
import { endGroup } from "../../lib/processes/end_group.ts";
import { endLeftRunning } from "../../lib/processes/left_running.ts";
import { liveProcesses } from "../../lib/processes/live_processes.ts";
import type { TextTokenizer } from "../../lib/text/tokenizer.ts";
import { assertUserError } from "../support/errors.ts";
import { withTempDir } from "../support/temp_dir.ts";

const ignore = Deno.build.os === "windows";
const script = fileURLToPath(new URL("./external_child.ts", import.meta.url));
/** A trainer or server with a worker of its own, which tells its process group. */
const WORKS = "sleep 300 & echo $$ > group.new; mv group.new group; wait";

/** A command that has started its server or trainer. */
interface Started {
  readonly child: Deno.ChildProcess;
  /** The group of what it started. */
  readonly group: number;
}

/** Starts a command and waits until its server or trainer works. */
async function start(what: "server" | "trainer", dir: string, line: string): Promise<Started> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", script, what, dir, line],
    ...{ cwd: dir, stdout: "piped", stderr: "piped" },
  }).spawn();
  const path = join(dir, "group");
  await until(() => existsSync(path));
  return { child, group: Number(Deno.readTextFileSync(path)) };
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 120_000;
  while (!holds()) {
    assert.ok(performance.now() < deadline, "in time");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const inGroup = (id: number) => liveProcesses().filter(({ group }) => group === id);
const records = (dir: string) =>
  [...Deno.readDirSync(dir)].map(({ name }) => name).filter((name) => name.endsWith(".running"));

/** What a command said and how it ended; its server or trainer must be gone. */
async function ended({ child, group }: Started, dir: string) {
  const { code, stdout, stderr } = await child.output();
  try {
    assert.deepEqual(inGroup(group), []);
    assert.deepEqual(records(dir), []);
  } finally {
    await endGroup(group, 0);
  }
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

for (
  const [what, signal, code, name] of [
    ["server", "SIGINT", 130, "the server of checkpoint 0"],
    ["trainer", "SIGTERM", 143, "the trainer of iteration 1"],
  ] as const
) {
  Deno.test({ name: `${signal} ends a ${what} with its workers`, ignore }, async () => {
    await withTempDir(async (dir) => {
      const started = await start(what, dir, WORKS);
      assert.equal(inGroup(started.group).length, 2);
      started.child.kill(signal);
      assert.deepEqual(await ended(started, dir), {
        ...{ code, stdout: "" },
        stderr: "\ninterrupted: run the same command again to continue\n" +
          `ending ${name} (Ctrl-C: at once)\n`,
      });
    });
  });
}

Deno.test(
  { name: "a half-trained checkpoint of an ended trainer is no success", ignore },
  async () => {
    await withTempDir(async (dir) => {
      const saves = "trap 'mkdir out; : > out/half; exit 0' TERM";
      const started = await start("trainer", dir, `${saves}; ${WORKS}`);
      started.child.kill("SIGINT");
      const { code, stdout } = await ended(started, dir);
      assert.deepEqual([code, stdout], [130, ""]);
      assert.ok(existsSync(join(dir, "out", "half")));
    });
  },
);

Deno.test({ name: "a second Ctrl-C kills at once what ignores SIGTERM", ignore }, async () => {
  await withTempDir(async (dir) => {
    const started = await start("trainer", dir, `trap '' TERM; ${WORKS}`);
    const begun = performance.now();
    started.child.kill("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assert.equal(inGroup(started.group).length, 2);
    started.child.kill("SIGINT");
    assert.equal((await ended(started, dir)).code, 130);
    assert.ok(performance.now() - begun < 25_000, "before the grace time is over");
  });
});

Deno.test({ name: "a deaf server is killed after its grace time", ignore }, async () => {
  await withTempDir(async (dir) => {
    const path = join(dir, "group");
    await assertUserError(
      () =>
        startServer("checkpoint", {} as TextTokenizer, {
          command: `: {checkpoint} {port}; cd '${dir}'; trap '' TERM; ${WORKS}`,
          ...{ name: "the server of checkpoint 2", log: join(dir, "server.log") },
          ...{ startSeconds: 1, graceMs: 200 },
        }),
      /^the server of checkpoint 2 did not answer within 1 s: see .*server\.log$/,
    );
    assert.deepEqual(inGroup(Number(Deno.readTextFileSync(path))), []);
    assert.deepEqual(records(dir), []);
  });
});

Deno.test(
  { name: "a server that wants a key gets it, or its refusal is told at once", ignore },
  async () => {
    const keyed = fileURLToPath(new URL("./keyed_server.ts", import.meta.url));
    await withTempDir(async (dir) => {
      const open = () =>
        startServer("checkpoint", {} as TextTokenizer, {
          command: `: {checkpoint}; ${Deno.execPath()} run -A --quiet ${keyed} {port} sesame`,
          ...{ name: "the server of checkpoint 0", log: join(dir, "server.log"), startSeconds: 60 },
        });
      await assertUserError(open, /refused the key \(401\): set SERA_SERVER_KEY \(its log: /);
      Deno.env.set("SERA_SERVER_KEY", "sesame");
      try {
        await assertUserError(open, /serves no model : it has none/);
      } finally {
        Deno.env.delete("SERA_SERVER_KEY");
      }
    });
  },
);

Deno.test({ name: "what a trainer leaves running when it is done is ended", ignore }, async () => {
  await withTempDir(async (dir) => {
    const line = "sleep 300 & echo $$ > group; mkdir out; echo w > out/w.gguf";
    await runTrainer(`cd '${dir}'; ${line}; :`, {
      ...{ iteration: 1, pairs: "pairs.jsonl", start: "start", sft: "sft", seed: 1, config: {} },
      ...{ output: join(dir, "out"), steps: join(dir, "steps") },
    }, join(dir, "trainer-1"));
    assert.deepEqual(inGroup(Number(Deno.readTextFileSync(join(dir, "group")))), []);
  });
});

Deno.test(
  { name: "a killed command's trainer is found again and ended, by name", ignore },
  async () => {
    await withTempDir(async (dir) => {
      const { child, group } = await start("trainer", dir, WORKS);
      child.kill("SIGKILL");
      await child.output();
      assert.equal(inGroup(group).length, 2);
      const told: string[] = [];
      await endLeftRunning(dir, (message) => told.push(message));
      assert.deepEqual(told, [
        `ending the trainer of iteration 1, which a process that was killed left running (process ${group})`,
      ]);
      assert.deepEqual([inGroup(group), records(dir)], [[], []]);
      await endLeftRunning(dir, () => assert.fail("there is nothing left"));
    });
  },
);

Deno.test({ name: "only what is surely the recorded process is ended", ignore }, async () => {
  await withTempDir(async (dir) => {
    const record = (changes: object) =>
      Deno.writeTextFileSync(
        join(dir, "server-1.log.running"),
        JSON.stringify({ name: "the server", host: Deno.hostname(), ...changes }),
      );
    const told: string[] = [];
    const end = () => endLeftRunning(dir, (message) => told.push(message), 1000);
    // This process has the id now; a record torn by a crash; a folder that is not there.
    record({ pid: Deno.pid, started: "long ago" });
    await end();
    Deno.writeTextFileSync(join(dir, "server-1.log.running"), '{"name": "the ser');
    await end();
    await endLeftRunning(join(dir, "none"), () => {});
    assert.deepEqual([told, records(dir)], [[], []]);

    record({ host: "elsewhere", pid: Deno.pid, started: "today" });
    await end();
    assert.match(told.pop() ?? "", /^warning: the server was left by .* killed on elsewhere: see/);

    // Its first process has ended, a worker of it runs.
    const first = new Deno.Command("sh", {
      args: ["-c", "sleep 300 > /dev/null 2>&1 & exit 0"],
      ...{ detached: true, stdin: "null", stdout: "null", stderr: "null" },
    }).spawn();
    await first.status;
    record({ pid: first.pid, started: "then" });
    const [worker] = inGroup(first.pid);
    try {
      await assertUserError(
        end,
        new RegExp(`the server, .* may still run as process ${worker?.pid}: end it \\(kill`),
      );
      assert.equal(records(dir).length, 1);
    } finally {
      assert.ok(await endGroup(first.pid, 1000));
    }
    await end();
    assert.deepEqual(records(dir), []);
  });
});
