import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("./held_writer_process.ts", import.meta.url));

/** A process that has half-written a file. */
export interface HeldWriter {
  /** Ends it as `kill -9` does. */
  kill(): Promise<void>;
  /** Lets it finish. */
  finish(): Promise<void>;
}

/** Starts a process that half-writes the file, and waits until it has. */
export async function startHeldWriter(path: string): Promise<HeldWriter> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", script, path],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  assert.match(new TextDecoder().decode((await reader.read()).value), /^open/);
  const end = async () => {
    await reader.cancel();
    const { success } = await child.status;
    return success;
  };
  return {
    kill: async () => {
      child.kill("SIGKILL");
      await child.stdin.abort().catch(() => {});
      assert.equal(await end(), false);
    },
    finish: async () => {
      await child.stdin.close();
      assert.equal(await end(), true);
    },
  };
}
