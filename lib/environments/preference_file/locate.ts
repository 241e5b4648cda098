import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { projectRoot } from "../../engine/layout.ts";
import { UserError } from "../../errors.ts";

/** Environment variable with the folder of data files that studies name. */
const FOLDER = "SERA_DATA";

/**
 * Where a model or a data file lies that a setting names. Records hold the name and a SHA-256, and no
 * folder of anybody's machine, so a relative name is looked for in the working directory, in the
 * folder of the variable `SERA_DATA` (`.cache/data` of the project unless set), and from the project's
 * root. What is found nowhere is given back as it is: it may be a hub id.
 *
 * @throws {UserError} for a bare file name that is nowhere, naming the folder that it belongs in
 */
export function locate(name: string): string {
  if (isAbsolute(name) || existsSync(name)) return name;
  const folder = Deno.env.get(FOLDER) || `${projectRoot}.cache/data`;
  const found = [join(folder, name), join(projectRoot, name)].find((path) => existsSync(path));
  if (found !== undefined) return found;
  if (!/^[^/]+\.[a-z]+$/i.test(name)) return name;
  throw new UserError(
    `${name} is neither in the working directory nor in ${folder}: put it there, or set ${FOLDER} ` +
      "to its folder",
  );
}
