import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "../errors.ts";

/** Names of files that hold records. */
const DATA = /\.(jsonl|ndjson|json|csv|parquet)(\.gz)?$/;

/**
 * The files that a path stands for: itself, or the data files in a folder by name (the parts of a
 * large data set).
 *
 * @throws {UserError} for a folder without data files
 */
export async function dataFiles(path: string): Promise<string[]> {
  const isFolder = await Deno.stat(path).then((info) => info.isDirectory, () => false);
  if (!isFolder) return [path];
  const names = [...Deno.readDirSync(path)].map(({ name }) => name).filter((name) =>
    DATA.test(name)
  ).sort();
  if (names.length > 0) return names.map((name) => join(path, name));
  throw new UserError(`${path} is a folder without data files: give a file of records`);
}

/**
 * Refuses outputs among the parts of a data set: repeated, a command would read what it wrote.
 *
 * @param outputs paths by the options that name them; the undefined are not written
 * @param inputs files and folders that are read
 * @throws {UserError} naming the output and the folder that it lies in
 */
export function checkApartFromData(
  outputs: Readonly<Record<string, string | undefined>>,
  inputs: readonly (string | undefined)[],
): void {
  const real = (path: string) => {
    try {
      return realpathSync(path);
    } catch {
      return undefined; // not there, or closed to us: whoever writes or reads it says so
    }
  };
  for (const [option, output] of Object.entries(outputs)) {
    const folder = output === undefined ? undefined : real(dirname(output));
    const data = inputs.find((input) =>
      input !== undefined && folder !== undefined && real(input) === folder
    );
    if (data === undefined) continue;
    throw new UserError(
      `${option} ${output} lies in ${data}, of which every file is read as data: ` +
        "choose another folder",
    );
  }
}
