/** What of the outside the notebook tests can use here; a test without it is skipped, visibly. */
import { join } from "node:path";
import { ROOT, venvProgram } from "../../tools/notebooks/paths.ts";

/** The fixture that shows every kind of output. */
export const FIXTURE = join(ROOT, "tests", "notebook", "fixtures", "outputs.ipynb");

/** True where set-up made the Python environment with the Deno kernel. */
export const HAS_VENV = (() => {
  try {
    Deno.statSync(join(venvProgram("python"), "../../share/jupyter/kernels/deno/kernel.json"));
    return true;
  } catch {
    return false;
  }
})();

/** Runs a program of the Python environment; its error output is the failure's message. */
export async function runInVenv(
  name: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<void> {
  const { success, stderr } = await new Deno.Command(venvProgram(name), {
    args: [...args],
    env,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr).slice(-2000));
}
