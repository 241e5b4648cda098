/** Execution of notebooks on the Deno kernel. */
import { dirname, join } from "node:path";
import { UserError } from "../../lib/errors.ts";
import { PARAMETERS_VARIABLE } from "../../lib/notebook/parameters.ts";
import { ROOT, venvProgram } from "./paths.ts";

/** How a notebook is executed. */
export interface ExecuteOptions {
  /** Where the executed notebook goes. Default: over the input. */
  readonly output?: string;
  /** Values over those of the parameters cell. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Where its relative paths start. Default: where it lies. */
  readonly folder?: string;
}

/**
 * Executes a notebook; every output is kept. A notebook that fails is written too, with its error.
 *
 * @throws UserError where a cell fails.
 */
export async function executeNotebook(path: string, options: ExecuteOptions = {}): Promise<void> {
  const output = options.output ?? path;
  await Deno.mkdir(dirname(output), { recursive: true });
  const { success, stderr } = await new Deno.Command(venvProgram("python"), {
    args: [
      join(ROOT, "tools", "notebooks", "execute.py"),
      path,
      output,
      options.folder ?? dirname(path),
    ],
    env: options.parameters === undefined
      ? {}
      : { [PARAMETERS_VARIABLE]: JSON.stringify(options.parameters) },
    stdout: "inherit",
    stderr: "piped",
  }).output();
  if (!success) {
    const lines = new TextDecoder().decode(stderr).trim().split("\n");
    throw new UserError(
      `${path} failed: ${lines.at(-1) ?? "no message"}; its errors are in ${output}`,
    );
  }
}
