/** What the gate runs. */
import { projectRoot } from "../../lib/engine/layout.ts";
import type { Job } from "./job.ts";

/** Static checks of every file. Cells of notebooks, layers and docstrings are checked by tests. */
export function checks(): Job[] {
  return [
    { name: "types", kind: "check", args: ["check", "--quiet", "."] },
    { name: "format", kind: "check", args: ["fmt", "--check", "--quiet"] },
    { name: "lint", kind: "check", args: ["lint", "--quiet"] },
  ];
}

/** Files of tests, end-to-end ones (`tests/end_to_end/`) first: they take longest. */
export function testFiles(filter: string | undefined, fast: boolean): Job[] {
  const paths = [...walk("tests")].filter((path) => path.endsWith("_test.ts")).sort();
  const isLong = (path: string) => path.startsWith("tests/end_to_end/");
  return [...paths.filter((path) => !fast && isLong(path)), ...paths.filter((p) => !isLong(p))]
    .filter((path) => filter === undefined || path.includes(filter))
    .map((path) => ({
      name: path,
      kind: "tests",
      // Types are one check of their own above.
      args: ["test", "-A", "--no-check", "--quiet", path],
    }));
}

function* walk(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(projectRoot + folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* walk(path);
    else if (entry.isFile) yield path;
  }
}
