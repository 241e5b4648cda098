import assert from "node:assert/strict";
import { join } from "node:path";
import { runQueue, type Task } from "../../lib/runner/work_queue.ts";
import { WorkerProcess, type WorkerProgram } from "../../lib/runner/worker_process.ts";

const program: WorkerProgram = {
  module: new URL("./toy_worker.ts", import.meta.url).href,
  env: {},
};
const COORDINATOR = new URL("./toy_coordinator.ts", import.meta.url).href;
type Order = Record<string, unknown>;
const task = (id: string, payload: Order, needs?: string): Task<Order> => ({
  id,
  label: id,
  payload: { value: 2, ...payload },
  ...(needs === undefined ? {} : { needs }),
});

async function runAll(tasks: readonly Task<Order>[], jobs: number, of = program) {
  const log: string[] = [];
  const results = new Map<string, { square: number; pid: number }>();
  let most = 0;
  const summary = await runQueue<Order, { square: number; pid: number }>(tasks, jobs, of, {
    onStart: (_, running) => most = Math.max(most, running),
    onPlace: (task, place) => log.push(`at ${task.id}: ${place}`),
    onDone: (done, result) => {
      log.push(`done ${done.id}`);
      results.set(done.id, result);
    },
    onRetry: (failed, reason) => log.push(`retry ${failed.id}: ${reason}`),
    onFailed: (failed, reason) => log.push(`failed ${failed.id}: ${reason}`),
  });
  return { log, results, summary, most };
}

Deno.test("tasks run on so many long-lived processes, results and errors apart", async () => {
  const tasks = Array.from({ length: 6 }, (_, i) => task(`t${i}`, { value: i, sleepMs: 30 }));
  const { results, summary, most } = await runAll(
    [...tasks, task("bad", { throwAlways: true })],
    2,
  );
  assert.deepEqual(summary, { done: 6, failed: 1 });
  assert.deepEqual(tasks.map(({ id }) => results.get(id)?.square), [0, 1, 4, 9, 16, 25]);
  assert.equal(most, 2);
  assert.ok(new Set([...results.values()].map(({ pid }) => pid)).size <= 3);
});

Deno.test("a task tells where it is while it is done", async () => {
  const { log } = await runAll([task("slow", { places: ["step 1/2", "step 2/2"] })], 1);
  assert.deepEqual(log, ["at slow: step 1/2", "at slow: step 2/2", "done slow"]);
});

Deno.test("a crash is reported, tried once more, and does not stop the others", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { log, summary } = await runAll([
      task("crashes-once", { crashOnce: join(folder, "mark") }),
      task("fails", { throwAlways: true }),
      task("fine", {}),
    ], 1);
    assert.deepEqual(summary, { done: 2, failed: 1 });
    assert.equal(log.length, 5);
    assert.match(log[0] ?? "", /^retry crashes-once: .*dying as told.*exit code 7/);
    assert.deepEqual(log.slice(1), [
      "done crashes-once",
      "retry fails: told to fail",
      "failed fails: told to fail",
      "done fine",
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a worker that is out of memory is reported as such; the others are unharmed", async () => {
  const small = { ...program, env: { DENO_V8_FLAGS: "--max-old-space-size=64" } };
  const { log, summary } = await runAll(
    [task("hoards", { hoard: true }), task("beside", { sleepMs: 200 }), task("after", {})],
    2,
    small,
  );
  assert.deepEqual(summary, { done: 2, failed: 1 });
  assert.ok(log.includes("done beside") && log.includes("done after"), log.join("\n"));
  const failed = log.find((line) => line.startsWith("failed hoards"));
  assert.match(failed ?? "", /it was out of memory: run fewer processes \(--jobs\)/);
});

Deno.test("needs come first, and what needs a failed task fails with it", async () => {
  const { log } = await runAll([
    task("child", {}, "parent"),
    task("parent", { sleepMs: 50 }),
    task("grandchild of bad", {}, "orphan"),
    task("orphan", {}, "bad"),
    task("bad", { throwAlways: true }),
    task("free", {}, "not in the queue"),
  ], 2);
  assert.ok(log.indexOf("done parent") < log.indexOf("done child"));
  assert.ok(log.includes("failed orphan: needs bad, which failed"));
  assert.ok(log.includes("failed grandchild of bad: needs orphan, which failed"));
  assert.ok(log.includes("done free"));
});

Deno.test({
  name: "a worker killed with SIGKILL is a crash, not a hang",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const worker = new WorkerProcess<Order, unknown>(program);
    assert.equal((await worker.run("a", { value: 1 })).kind, "result");
    const running = worker.run("b", { value: 1, sleepMs: 60_000 });
    Deno.kill(worker.pid, "SIGKILL");
    const outcome = await running;
    assert.equal(outcome.kind, "crash");
    assert.match(outcome.kind === "crash" ? outcome.message : "", /SIGKILL/);
    await worker.close();
  },
});

Deno.test({
  name: "a worker leaves it to its parent whether a closed terminal ends it",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const worker = new WorkerProcess<Order, unknown>(program);
    assert.equal((await worker.run("a", { value: 1 })).kind, "result");
    Deno.kill(worker.pid, "SIGHUP");
    assert.equal((await worker.run("b", { value: 1, sleepMs: 100 })).kind, "result");
    await worker.close();
  },
});

for (
  const [name, order] of [["waits", { sleepMs: 60_000 }], ["computes", { spinMs: 60_000 }]] as const
) {
  Deno.test({
    name: `a worker that ${name} in the middle of a task ends when its parent is killed`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      for (const signal of ["SIGKILL", "SIGTERM"] as const) {
        const parent = new Deno.Command(Deno.execPath(), {
          args: ["run", "-A", "--no-check", "--quiet", COORDINATOR, JSON.stringify(order)],
          stdout: "piped",
        }).spawn();
        const reader = parent.stdout.getReader();
        const pid = Number(new TextDecoder().decode((await reader.read()).value));
        assert.ok(alive(pid), String(pid));
        parent.kill(signal);
        await parent.status;
        await reader.cancel();
        const start = performance.now();
        while (alive(pid)) {
          assert.ok(performance.now() - start < 20_000, `${name} on after ${signal}`);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }
    },
  });

  Deno.test(`a worker that ${name} ends when it is closed`, async () => {
    const worker = new WorkerProcess<Order, unknown>(program);
    await worker.run("a", { value: 1 });
    worker.run("b", { value: 1, ...order });
    const start = performance.now();
    await worker.close(); // returns when it has ended
    assert.ok(performance.now() - start < 20_000);
  });
}

/** Whether a process is there and has not ended. */
function alive(pid: number): boolean {
  try {
    return !/\) Z /.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return false;
  }
}

Deno.test("a process goes on with the group of its last task, and begins one that is free", async () => {
  const tasks = ["a", "b", "c"].flatMap((group) =>
    [1, 2, 3].map((i) => ({ ...task(`${group}${i}`, { sleepMs: 40 }), group }))
  );
  const { results } = await runAll(tasks, 2);
  const pids = (group: string) => [1, 2, 3].map((i) => results.get(`${group}${i}`)?.pid);
  assert.equal(new Set(pids("a")).size, 1);
  assert.equal(new Set(pids("b")).size, 1);
  assert.notEqual(pids("a")[0], pids("b")[0]);
  // The last group is free for whichever process comes first; the other helps rather than idle.
  assert.ok(pids("c").every((pid) => [pids("a")[0], pids("b")[0]].includes(pid)));
});
