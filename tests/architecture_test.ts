/** Imports point one way, and what must stay in one place stays there. */
import assert from "node:assert/strict";
import { projectRoot } from "../lib/engine/layout.ts";
import { type ModuleGraph, readModuleGraph, sourceFiles } from "./support/module_graph.ts";

/** Record types and errors: anything may import them. */
const base = ["lib/errors.ts", "lib/data/preference.ts"];

/** What each folder of lib may import besides itself and the base. */
const layers: Record<string, readonly string[]> = {
  random: [],
  text: [],
  progress: [],
  engine: [],
  figures: [],
  losses: [],
  margins: ["losses"],
  selection: ["margins", "random"],
  data: ["random", "text"],
  policy: ["engine", "text", "random", "data"],
  training: [
    "policy",
    "engine",
    "data",
    "text",
    "losses",
    "margins",
    "selection",
    "random",
    "progress",
  ],
  evaluation: ["policy", "engine", "data", "text", "losses", "margins", "random"],
  results: [
    "training",
    "evaluation",
    "figures",
    "policy",
    "engine",
    "data",
    "margins",
    "selection",
    "losses",
    "random",
    "progress",
  ],
  cli: ["results", "training", "policy", "data", "losses", "selection", "margins", "progress"],
  notebook: ["results", "evaluation", "figures", "progress", "data", "random"],
};

/** Takes and gives arrays: knows no model, tensor, file or environment. */
const pure = ["losses", "margins", "selection"];

const folders = ["lib", "experiments", "tools", "tests"];
const paths = folders.flatMap((folder) => [...sourceFiles(folder)]);
const graph = await readModuleGraph(paths);
const folderOf = (path: string) => path.split("/")[1] ?? "";
const inLib = [...graph].filter(([path]) => path.startsWith("lib/"));

Deno.test("the graph holds every source file", () => {
  assert.deepEqual(paths.filter((path) => !graph.has(path)), []);
});

Deno.test("no circular imports", () => {
  assert.deepEqual(findCycle(graph), undefined);
});

Deno.test("lib imports downward only", () => {
  const wrong: string[] = [];
  for (const [path, imports] of inLib) {
    const folder = folderOf(path);
    const allowed = base.includes(path) ? [] : layers[folder];
    if (allowed === undefined) {
      wrong.push(`${path}: lib/${folder} has no place in the table of layers`);
      continue;
    }
    for (const target of imports) {
      if (!folders.some((name) => target.startsWith(`${name}/`)) || base.includes(target)) continue;
      const there = folderOf(target);
      const own = there === folder && !base.includes(path);
      if (!target.startsWith("lib/") || !(own || allowed.includes(there))) {
        wrong.push(`${path} imports ${target}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("losses, margins and selection are pure", async () => {
  const wrong: string[] = [];
  for (const [path, imports] of inLib.filter(([path]) => pure.includes(folderOf(path)))) {
    wrong.push(
      ...imports.filter((target) => /^(npm|node):/.test(target)).map((t) => `${path}: ${t}`),
    );
    if (/\bDeno\./.test(await codeOf(path))) wrong.push(`${path}: Deno`);
  }
  assert.deepEqual(wrong, []);
});

Deno.test("only lib/engine/tensorflow.ts imports TensorFlow.js", () => {
  const importers = [...graph].filter(([, imports]) =>
    imports.some((target) => target.includes("@tensorflow/"))
  ).map(([path]) => path);
  assert.deepEqual(importers, ["lib/engine/tensorflow.ts"]);
});

Deno.test("nothing is imported from jsr: or the web", async () => {
  const imports = [...graph.values()].flat();
  const { imports: named } = JSON.parse(await Deno.readTextFile(`${projectRoot}deno.json`));
  const all = [...imports, ...Object.values(named) as string[]];
  assert.deepEqual(all.filter((target) => /^(jsr|https?):/.test(target)), []);
});

Deno.test("lib draws no unseeded random number", async () => {
  const unseeded = /\bMath\.random\b|\bgetRandomValues\b|\brandomUUID\b|\brandomBytes\b/;
  const users = await filter(inLib, (code) => unseeded.test(code));
  assert.deepEqual(users, []);
});

Deno.test("lib reads the clock only for progress, timings and locks", async () => {
  const users = await filter(inLib, (code) => /\bDate\.now\b|\bnew Date\(\)/.test(code));
  const allowed = (path: string) =>
    path.startsWith("lib/progress/") || path === "lib/files/run_lock.ts";
  assert.deepEqual(users.filter((path) => !allowed(path)), []);
});

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

Deno.test("the search for cycles finds one", () => {
  const looped = new Map([["a", ["b"]], ["b", ["c"]], ["c", ["b"]]]);
  assert.deepEqual(findCycle(looped), ["b", "c", "b"]);
});

async function filter(
  modules: (readonly [string, readonly string[]])[],
  test: (code: string) => boolean,
): Promise<string[]> {
  const kept: string[] = [];
  for (const [path] of modules) {
    if (path.endsWith(".ts") && test(await codeOf(path))) kept.push(path);
  }
  return kept;
}

/** A module's text without its comments. */
async function codeOf(path: string): Promise<string> {
  const text = await Deno.readTextFile(projectRoot + path);
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(^|\s)\/\/.*$/gm, "");
}
