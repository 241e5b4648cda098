import { basename, dirname, join } from "node:path";

/** Leaves beside a file what a process of this machine, killed while it wrote the file, leaves. */
export function leaveBehind(path: string): void {
  Deno.mkdirSync(dirname(path), { recursive: true });
  const name = `${basename(path)}.${Deno.hostname()}-${Deno.pid}-1.being-written`;
  Deno.writeTextFileSync(join(dirname(path), name), "half");
}

/** Files below a folder that are being written, or were by a process that was killed. */
export function leftBehind(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = join(folder, name);
    return isDirectory ? leftBehind(path) : name.endsWith(".being-written") ? [path] : [];
  });
}
