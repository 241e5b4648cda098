/** What the engine of a process is, asked of a process that ends then. */
import { fileURLToPath } from "node:url";
import { print } from "../../../lib/cli/print.ts";
import { type EngineInfo, loadEngine } from "../../../lib/engine/tensorflow.ts";
import { UserError } from "../../../lib/errors.ts";
import { ownPermissions } from "../../../lib/runner/own_permissions.ts";

/**
 * What workers compute on. The process that watches them loads no TensorFlow, which would take
 * memory from them, on a GPU all of it.
 *
 * @throws {UserError} with what the engine said where it does not load
 */
export async function workerEngine(): Promise<EngineInfo> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...ownPermissions(), "--quiet", fileURLToPath(import.meta.url)],
    env: { SERA_THREADS: "1", TF_CPP_MIN_LOG_LEVEL: "3", NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  if (code !== 0) {
    throw new UserError(`the engine does not load: ${decoder.decode(stderr).trim().slice(-400)}`);
  }
  return JSON.parse(decoder.decode(stdout).trim().split("\n").at(-1) ?? "");
}

if (import.meta.main) print(JSON.stringify((await loadEngine()).info));
