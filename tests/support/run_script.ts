import { projectRoot } from "../../lib/engine/layout.ts";

/** Caches of the commands under test: not the user's, and gone with the test. */
const cache = Deno.makeTempDirSync({ prefix: "sera-test-cache-" });
globalThis.addEventListener("unload", () => Deno.removeSync(cache, { recursive: true }));

/** What a command printed and how it ended. */
export interface ScriptResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command of the suite as a child process: `spawnScript("align", [...])`. */
export function spawnScript(name: string, args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      "--quiet",
      `${projectRoot}experiments/commands/${name}/main.ts`,
      ...args,
    ],
    env: { SERA_THREADS: "1", SERA_CACHE: cache },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs a command to its end. */
export async function runScript(name: string, args: readonly string[]): Promise<ScriptResult> {
  const { code, stdout, stderr } = await spawnScript(name, args).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}
