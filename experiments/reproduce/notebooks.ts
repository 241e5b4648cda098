import { existsSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../lib/engine/layout.ts";
import { UserError } from "../../lib/errors.ts";

/** A notebook tool's command line, run to its end; its output goes to the terminal. */
async function notebookTool(...args: string[]): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", join(projectRoot, "tools", "notebooks", "main.ts"), ...args],
    stdout: "null",
    stderr: "inherit",
  }).output();
  if (!success) {
    throw new UserError(`the notebooks could not be made: ${args.slice(0, 2).join(" ")}`);
  }
}

/** The notebooks of some studies that there are: `notebooks/<number>_<study>.ipynb`. */
export function notebooksOf(studies: readonly string[]): string[] {
  const folder = join(projectRoot, "notebooks");
  if (!existsSync(folder)) return [];
  return [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => studies.some((study) => name.replace(/^\d+_/, "") === `${study}.ipynb`))
    .sort().map((name) => join(folder, name));
}

/**
 * Executes notebooks on the Deno kernel with the given parameters and exports them as a static site.
 *
 * @returns the site's first page
 */
export async function executeAndExport(
  notebooks: readonly string[],
  out: string,
  parameters: Readonly<Record<string, unknown>>,
): Promise<string> {
  const executed = join(out, "notebooks");
  const site = join(out, "site");
  const json = JSON.stringify(parameters);
  await notebookTool("execute", ...notebooks, "--out", executed, "--parameters", json);
  const copies = notebooks.map((path) => join(executed, path.split("/").at(-1) as string));
  await notebookTool("site", ...copies, "--out", site);
  return join(site, "index.html");
}
