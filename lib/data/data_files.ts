import { realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { UserError } from "../errors.ts";

/** Names of files that hold records. */
const DATA = /\.(jsonl|ndjson|json|csv|parquet)(\.gz)?$/;
/** Names of reports. */
const TEXT = /\.md$/;

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
 * Refuses outputs that are an input or another output, by whatever spelling or link, and outputs
 * among the parts of a data set: repeated, a command would read what it wrote.
 *
 * @param outputs paths by the options that name them; the undefined are not written
 * @param inputs files and folders that are read
 * @throws {UserError} naming the output and what it would write over, or the folder that it lies in
 */
export async function checkApartFromData(
  outputs: Readonly<Record<string, string | undefined>>,
  inputs: readonly (string | undefined)[],
): Promise<void> {
  const given = inputs.filter((input) => input !== undefined);
  const folders = new Map(given.map((input) => [realPath(input), input]));
  const files = new Map(
    (await Promise.all(given.map(dataFiles))).flat().map((file) => [realPath(file), file]),
  );
  const written = new Map<string, string>();
  for (const [option, output] of Object.entries(outputs)) {
    if (output === undefined) continue;
    const refuse = (problem: string, place: "file" | "folder") => {
      throw new UserError(`${option} ${output} ${problem}: choose another ${place}`);
    };
    const real = realPath(output);
    if (files.has(real)) refuse(`would write over ${files.get(real)}, which is read`, "file");
    if (written.has(real)) refuse(`is what ${written.get(real)} writes, too`, "file");
    written.set(real, option);
    // Of a text beside its parts a data set takes no notice.
    const folder = TEXT.test(output) ? undefined : folders.get(dirname(real));
    if (folder !== undefined) {
      refuse(`lies in ${folder}, of which every file is read as data`, "folder");
    }
  }
}

/** A path without links and dots, as far as there is something at it. */
function realPath(path: string): string {
  const whole = resolve(path);
  try {
    return realpathSync(whole);
  } catch {
    // Not there, or closed to us: whoever writes or reads it says so.
    const folder = dirname(whole);
    return folder === whole ? whole : join(realPath(folder), basename(whole));
  }
}
