/** What git knows of a page and of the commits that records name. */
import { projectRoot } from "../../lib/engine/layout.ts";

/** A git command's output; undefined where it fails, or git is not there. */
export async function git(...args: string[]): Promise<string | undefined> {
  return await gitIn(projectRoot, ...args);
}

/** The same in another folder. */
export async function gitIn(folder: string, ...args: string[]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command("git", {
      args: ["-C", folder, ...args],
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The commit since which a part of a page is as it is now: the oldest of the newest commits of the
 * page that all have it. Undefined where the last one differs from the page as it lies there.
 */
export async function changedSince(
  path: string,
  page: string,
  partOf: (page: string) => string,
  folder = projectRoot,
): Promise<string | undefined> {
  const commits = (await gitIn(folder, "log", "--format=%H", "--", path) ?? "").split("\n");
  let since: string | undefined;
  for (const commit of commits) {
    const text = await gitIn(folder, "show", `${commit}:${path}`);
    if (text === undefined || !hasPart(text, partOf, partOf(page))) break;
    since = commit;
  }
  return since;
}

function hasPart(page: string, partOf: (page: string) => string, part: string): boolean {
  try {
    return partOf(page) === part;
  } catch {
    return false; // the page was another one then
  }
}

/** Of commits that runs name, those that are not the commit or a later one, or are not known. */
export async function ranBefore(
  commit: string,
  runs: readonly string[],
  folder = projectRoot,
): Promise<string[]> {
  const found = await Promise.all(runs.map(async (run) => {
    const after = await gitIn(folder, "merge-base", "--is-ancestor", commit, run);
    return after === undefined ? [run] : [];
  }));
  return found.flat();
}
