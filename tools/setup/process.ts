/** Child processes and the search path, as set-up and doctor need them. */
import { dirname, isAbsolute, relative } from "node:path";

/** The text a command printed, or `undefined` if it is missing or failed. */
export function capture(command: string, args: string[]): string | undefined {
  try {
    const output = new Deno.Command(command, { args, stdin: "null", stderr: "null" }).outputSync();
    return output.success ? new TextDecoder().decode(output.stdout).trim() : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Runs a command on this terminal.
 * @throws Error with the command's name and exit code.
 */
export async function run(
  command: string,
  args: string[],
  options: { env?: Record<string, string>; cwd?: string } = {},
): Promise<void> {
  const child = new Deno.Command(command, { args, stdin: "null", ...options }).spawn();
  const { code } = await child.status;
  if (code !== 0) throw new Error(`${command.split("/").at(-1)} ended with exit code ${code}`);
}

/** The first of these commands on the search path, as a full path. */
export function which(...names: (string | undefined)[]): string | undefined {
  return whichOutside(undefined, ...names);
}

/** The same, of those that do not lie in a folder, however the path spells it. */
export function whichOutside(
  left: string | undefined,
  ...names: (string | undefined)[]
): string | undefined {
  const inside = left === undefined ? undefined : realFolder(left);
  const isLeft = (path: string) => {
    if (inside === undefined) return false;
    const way = relative(inside, realFolder(dirname(path)));
    return !isAbsolute(way) && way.split(/[\\/]/)[0] !== "..";
  };
  const windows = Deno.build.os === "windows";
  const folders = (Deno.env.get("PATH") ?? "").split(windows ? ";" : ":").filter((f) => f !== "");
  for (const name of names) {
    if (name === undefined || name === "") continue;
    const candidates = /[\\/]/.test(name) ? [name] : folders.map((folder) => `${folder}/${name}`);
    for (const candidate of candidates) {
      for (const path of windows ? [candidate, `${candidate}.exe`] : [candidate]) {
        if (isFile(path) && !isLeft(path)) return path;
      }
    }
  }
  return undefined;
}

/** A folder's path without links; as it is where it is not there. */
function realFolder(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}

/** Whether a regular file (or a link to one) is there. */
export function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
