/** Where the notebook tools find things. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../../lib/errors.ts";

/** The project's folder. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The published notebooks. */
export const NOTEBOOKS = join(ROOT, "notebooks");

/**
 * A program of the Python environment that set-up made (or of the one SERA_VENV names).
 *
 * @throws UserError where it is missing.
 */
export function venvProgram(name: string): string {
  const program = join(Deno.env.get("SERA_VENV") ?? join(ROOT, ".venv"), "bin", name);
  try {
    Deno.statSync(program);
  } catch {
    throw new UserError(`${program} is missing: run "deno task setup" to make the environment`);
  }
  return program;
}

/** Paths of the notebooks named, or of all published ones, sorted. */
export function notebookPaths(named: readonly string[]): string[] {
  if (named.length > 0) return [...named];
  return [...Deno.readDirSync(NOTEBOOKS)]
    .filter((entry) => entry.isFile && entry.name.endsWith(".ipynb"))
    .map((entry) => join(NOTEBOOKS, entry.name))
    .sort();
}
