import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("./run_command_child.ts", import.meta.url));
const command = (...args: string[]) =>
  new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", script, ...args],
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  });

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await command(...args).output();
  return {
    code,
    stdout: new TextDecoder().decode(stdout),
    stderr: new TextDecoder().decode(stderr),
  };
}

Deno.test("a command ends with its exit code and says why on one line", async () => {
  assert.deepEqual(await run("ok"), { code: 0, stdout: "", stderr: "" });
  assert.equal((await run("seven")).code, 7);
  assert.deepEqual(await run("user"), {
    code: 1,
    stdout: "",
    stderr: "tidied\nerror: pairs.jsonl:3: bad\n",
  });
  assert.deepEqual(await run("--model", "M", "--keep", "2"), {
    code: 2,
    stdout: "",
    stderr: "tidied\nerror: --keep must be in (0, 1], got 2\n",
  });
  const help = await run("--help");
  assert.equal(help.code, 0);
  assert.match(help.stdout, /^Usage: deno task sample/);
});

Deno.test("faults show their stack and end with 70", async () => {
  const fault = await run("fault");
  assert.equal(fault.code, 70);
  assert.match(fault.stderr, /TypeError: broken\n +at .*run_command_child/);
  const timer = await run("timer");
  assert.equal(timer.code, 70);
  assert.match(timer.stderr, /TypeError: in a timer/);
});

Deno.test("an error that nobody waited for ends the command", async () => {
  const { code, stderr } = await run("unawaited");
  assert.deepEqual([code, stderr], [1, "tidied\nerror: nobody waited\n"]);
});

Deno.test({
  name: "a full disk is one line",
  ignore: !existsSync("/dev/full"),
  fn: async () => {
    const { code, stderr } = await run("full");
    assert.equal(code, 1);
    assert.match(stderr, /^tidied\nerror: the disk is full \(.*\): free some space, .*again\n$/);
  },
});

Deno.test({
  name: "signals end the command with their code after telling how to go on",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    for (
      const [signal, expected] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const
    ) {
      const child = command("wait").spawn();
      const reader = child.stdout.getReader();
      await reader.read(); // it waits, so its listeners stand
      child.kill(signal);
      const { code } = await child.status;
      let stderr = "";
      for await (const chunk of child.stderr) stderr += new TextDecoder().decode(chunk);
      await reader.cancel();
      assert.equal(code, expected);
      assert.equal(stderr, "tidied\n\ninterrupted: run the same command again to continue\n");
    }
  },
});

Deno.test({
  name: "under nohup a command outlives its terminal",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const child = new Deno.Command("nohup", {
      args: [Deno.execPath(), "run", "-A", "--quiet", script, "wait"],
      ...{ stdin: "null", stdout: "piped", stderr: "piped" },
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read(); // it waits, so its listeners stand
    child.kill("SIGHUP");
    child.kill("SIGTERM"); // is heard although the other was sent first
    const { code } = await child.status;
    await reader.cancel();
    await child.stderr.cancel();
    assert.equal(code, 143);
  },
});
