/**
 * Imports point one way, what must stay in one place stays there, and nothing is left over.
 *
 * The table of layers stands in docs/architecture.md; `deno run -A tests/support/layers.ts` writes it.
 */
import assert from "node:assert/strict";
import { projectRoot } from "../lib/engine/layout.ts";
import {
  foldersInOrder,
  isBase,
  product,
  readPage,
  wholeGraph,
  withLayers,
} from "./support/layers.ts";
import { unusedExports } from "./support/module_exports.ts";
import type { ModuleGraph } from "./support/module_graph.ts";

/** Takes and gives arrays: knows no model, tensor, file or environment. */
const pure = ["losses", "margins", "selection", "statistics"];

const { paths, graph } = await wholeGraph();
const code = new Map(
  await Promise.all(paths.map(async (path) => [path, await codeOf(path)] as const)),
);
const folderOf = (path: string) => path.split("/")[1] ?? "";
const inLib = [...graph].filter(([path]) => path.startsWith("lib/"));
const isProduct = (path: string) => product.includes(path.split("/")[0] ?? "");

Deno.test("the graph holds every source file", () => {
  assert.deepEqual(paths.filter((path) => !graph.has(path)), []);
});

Deno.test("no circular imports, of modules or of folders", () => {
  assert.deepEqual(findCycle(graph), undefined);
  assert.deepEqual(findCycle(new Map(foldersInOrder(graph))), undefined);
});

Deno.test("the search for cycles finds one", () => {
  const looped = new Map([["a", ["b"]], ["b", ["c"]], ["c", ["b"]]]);
  assert.deepEqual(findCycle(looped), ["b", "c", "b"]);
});

Deno.test("the table of layers lists the imports that exist", () => {
  assert.equal(withLayers(readPage(), foldersInOrder(graph)), readPage());
});

Deno.test("the modules directly in lib import only each other; lib imports only lib", () => {
  const wrong = inLib.flatMap(([path, imports]) =>
    imports.filter((target) => !/^(npm|node):/.test(target) && target !== "deno.json").filter(
      (target) => isBase(path) ? !isBase(target) : !target.startsWith("lib/"),
    ).map((target) => `${path} imports ${target}`)
  );
  assert.deepEqual(wrong, []);
});

Deno.test("product code does not import tests; studies and commands do not import each other", () => {
  const wrong = [...graph].flatMap(([path, imports]) =>
    imports.filter((target) =>
      // The references are tests/parity's; tools/parity makes their values.
      isProduct(path) && target.startsWith("tests/") && !path.startsWith("tools/parity/") ||
      path.startsWith("experiments/studies/") && target.startsWith("experiments/commands/") ||
      path.startsWith("experiments/commands/") && target.startsWith("experiments/studies/")
    ).map((target) => `${path} imports ${target}`)
  );
  assert.deepEqual(wrong, []);
});

Deno.test(`${pure.join(", ")} are pure`, () => {
  const own = inLib.filter(([path]) => pure.includes(folderOf(path)));
  const wrong = own.flatMap(([path, imports]) => [
    ...imports.filter((target) => /^node:|@tensorflow/.test(target)).map((t) => `${path}: ${t}`),
    ...(/\bDeno\./.test(code.get(path) ?? "") ? [`${path}: Deno`] : []),
  ]);
  assert.deepEqual(wrong, []);
  const reached = reachedFrom(own.map(([path]) => path)).filter((path) =>
    !isBase(path) &&
    !["lib/random", ...pure.map((name) => `lib/${name}`)].some((folder) =>
      path.startsWith(`${folder}/`)
    )
  );
  assert.deepEqual(reached, []);
});

Deno.test("only lib/engine/tensorflow.ts imports TensorFlow.js", () => {
  const importers = [...graph].filter(([, imports]) =>
    imports.some((target) => target.includes("@tensorflow/"))
  ).map(([path]) => path);
  assert.deepEqual(importers, ["lib/engine/tensorflow.ts"]);
});

Deno.test("nothing is imported from jsr: or the web", () => {
  const { imports } = JSON.parse(Deno.readTextFileSync(`${projectRoot}deno.json`));
  const all = [...graph.values(), Object.values(imports) as string[]].flat();
  assert.deepEqual(all.filter((target) => /^(jsr|https?):/.test(target)), []);
});

Deno.test("lib draws no unseeded random number", () => {
  const unseeded = /\bMath\.random\b|\bgetRandomValues\b|\brandomUUID\b|\brandomBytes\b/;
  assert.deepEqual(
    inLib.map(([path]) => path).filter((path) => unseeded.test(code.get(path) ?? "")),
    [],
  );
});

Deno.test("lib reads the clock only for progress, timings and locks", () => {
  const users = inLib.map(([path]) => path)
    .filter((path) => /\bDate\.now\b|\bnew Date\(\)/.test(code.get(path) ?? ""));
  const allowed = (path: string) =>
    path.startsWith("lib/progress/") || path === "lib/files/file_lock.ts";
  assert.deepEqual(users.filter((path) => !allowed(path)), []);
});

Deno.test("every export is used by product code, or stands in lib/mod.ts", () => {
  const users = new Map([...code].filter(([path]) => isProduct(path)));
  for (const path of sourcesUnder("notebooks", [".ipynb"])) users.set(path, cellsOf(path));
  const unused = unusedExports(users, (path) => path === "lib/mod.ts")
    .filter(({ path, name }) => !isFoundByName(path, name));
  assert.deepEqual(unused.map(({ path, name }) => `${path}: ${name}`), []);
});

Deno.test("the search for unused exports finds them, through other modules too", () => {
  const modules = new Map([
    [
      "lib/a.ts",
      "export const used = 1;\nexport const left = 2;\nexport interface Own {}\n" +
      "export function take(own: Own): void {}\nexport type Alone = 1;\n",
    ],
    ["lib/b.ts", 'export * from "./a.ts";\n'],
    ["lib/c.ts", 'import { used, take as t } from "./b.ts";\nexport { t as twice };\n'],
    ["lib/mod.ts", 'export { twice } from "./c.ts";\n'],
  ]);
  const unused = unusedExports(modules, (path) => path === "lib/mod.ts");
  assert.deepEqual(unused.map(({ name }) => name), ["left", "Alone"]);
});

Deno.test("no file has more than 300 lines", () => {
  const sources = product.flatMap((
    folder,
  ) => [...sourcesUnder(folder, [".ts", ".cc", ".h", ".py"])]);
  const long = sources.map((path) => [path, linesOf(path)] as const).filter(([, n]) => n > 300);
  assert.deepEqual(long, []);
});

/**
 * Found by its name and not by an import: the study of a study's file (experiments/studies.ts), and
 * the environment of an environment's module (lib/runner/worker.ts).
 */
function isFoundByName(path: string, name: string): boolean {
  return path === `experiments/studies/${name}.ts` ||
    path.startsWith("lib/environments/") && name === "environment";
}

/** Everything that these modules import, and what those import, and so on. */
function reachedFrom(start: readonly string[]): string[] {
  const reached = new Set(start);
  for (const path of reached) {
    for (const target of graph.get(path) ?? []) if (graph.has(target)) reached.add(target);
  }
  return [...reached];
}

/** The first cycle of imports, as a path that ends where it began. */
function findCycle(modules: ModuleGraph): string[] | undefined {
  const finished = new Set<string>();
  const visit = (path: string, trail: string[]): string[] | undefined => {
    const start = trail.indexOf(path);
    if (start >= 0) return [...trail.slice(start), path];
    if (finished.has(path)) return undefined;
    for (const target of modules.get(path) ?? []) {
      const cycle = visit(target, [...trail, path]);
      if (cycle !== undefined) return cycle;
    }
    finished.add(path);
    return undefined;
  };
  for (const path of modules.keys()) {
    const cycle = visit(path, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

function* sourcesUnder(folder: string, endings: readonly string[]): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(projectRoot + folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* sourcesUnder(path, endings);
    else if (endings.some((ending) => name.endsWith(ending))) yield path;
  }
}

function linesOf(path: string): number {
  return Deno.readTextFileSync(projectRoot + path).split("\n").length - 1;
}

/** The code cells of a notebook, one after another. */
function cellsOf(path: string): string {
  const { cells } = JSON.parse(Deno.readTextFileSync(projectRoot + path)) as {
    cells: { cell_type: string; source: string | string[] }[];
  };
  return cells.filter((cell) => cell.cell_type === "code")
    .map(({ source }) => [source].flat().join("")).join("\n");
}

/** A module's text without its comments. */
async function codeOf(path: string): Promise<string> {
  const text = await Deno.readTextFile(projectRoot + path);
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(^|\s)\/\/.*$/gm, "");
}
