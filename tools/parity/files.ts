/** Folders of reference files: listed and copied. */
import { readdirSync } from "node:fs";

/** Names of the files under a folder, relative and sorted. */
export function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(folder.length + 1))
    .sort();
}

/** Copies every file under a folder to the same place under another. */
export function copyFolder(from: string, to: string): void {
  for (const name of filesUnder(from)) copyFile(`${from}/${name}`, `${to}/${name}`);
}

/** Copies a file so that a reader of `to` sees all of it or nothing. */
export function copyFile(from: string, to: string): void {
  Deno.mkdirSync(to.slice(0, to.lastIndexOf("/")), { recursive: true });
  Deno.copyFileSync(from, `${to}.tmp`);
  Deno.chmodSync(`${to}.tmp`, 0o644);
  Deno.renameSync(`${to}.tmp`, to);
}
