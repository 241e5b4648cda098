import { join } from "node:path";
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
