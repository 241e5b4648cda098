/**
 * The table of layers in docs/architecture.md, made from the imports that exist.
 *
 * Run as `deno run -A tests/support/layers.ts`, it writes the table anew.
 */
import { join } from "node:path";
import { projectRoot } from "../../lib/engine/layout.ts";
import { type ModuleGraph, readModuleGraph, sourceFiles } from "./module_graph.ts";

/** Folders of product code. */
export const product = ["lib", "experiments", "tools"];

const PAGE = join(projectRoot, "docs", "architecture.md");
const BEGIN = "<!-- layers: written by tests/support/layers.ts, do not edit -->";
const END = "<!-- end of layers -->";

/** What anything may import, and imports nothing but itself: the modules directly in lib. */
export function isBase(path: string): boolean {
  return /^lib\/\w+\.ts$/.test(path) && path !== "lib/mod.ts";
}

/** A module's place in the table: its folder down to two names; a module directly in a root stands alone. */
function placeOf(path: string): string {
  const parts = path.split("/");
  return parts.length === 2 ? path : parts.slice(0, 2).join("/");
}

/** Every place with the places that it imports, each after all of those; ties by root and name. */
export function foldersInOrder(graph: ModuleGraph): [string, string[]][] {
  const imports = new Map<string, Set<string>>();
  for (const [path, targets] of graph) {
    if (!product.includes(path.split("/")[0] ?? "") || isBase(path)) continue;
    const place = placeOf(path);
    const found = imports.get(place) ?? new Set();
    imports.set(place, found);
    for (const target of targets) {
      if (!product.includes(target.split("/")[0] ?? "") || isBase(target)) continue;
      if (placeOf(target) !== place) found.add(placeOf(target));
    }
  }
  const order: [string, string[]][] = [];
  const rank = (place: string) => product.indexOf(place.split("/")[0] ?? "") + place;
  const left = new Map([...imports].sort(([a], [b]) => rank(a) < rank(b) ? -1 : 1));
  while (left.size > 0) {
    // A cycle leaves no such place: its members then stand as they come, and the test names it.
    const next = [...left.keys()].find((place) =>
      [...left.get(place) ?? []].every((target) =>
        !left.has(target)
      )
    ) ?? [...left.keys()][0] as string;
    order.push([next, [...left.get(next) ?? []].sort()]);
    left.delete(next);
  }
  return order;
}

/** The graph of every source file, tests included. */
export async function wholeGraph(): Promise<{ paths: string[]; graph: ModuleGraph }> {
  const paths = [...product, "tests"].flatMap((folder) => [...sourceFiles(folder)]);
  return { paths, graph: await readModuleGraph(paths) };
}

/** The architecture page with its table made anew, as `deno fmt` lays it out. */
export function withLayers(page: string, order: readonly [string, readonly string[]][]): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new RangeError(`docs/architecture.md lacks "${BEGIN}"`);
  const short = (place: string) => place.replace(/^lib\//, "");
  const rows = order.map(([place, targets]) => [`\`${place}\``, targets.map(short).join(", ")]);
  const cells = [["folder", "imports, besides the modules directly in `lib`"], ...rows];
  const widths = [0, 1].map((i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |\n`;
  const [head = [], ...body] = cells;
  const table = line(head) + line(widths.map((width) => "-".repeat(width))) +
    body.map(line).join("");
  return `${page.slice(0, begin)}${BEGIN}\n\n${table}\n${page.slice(end)}`;
}

/** The architecture page. */
export function readPage(): string {
  return Deno.readTextFileSync(PAGE);
}

if (import.meta.main) {
  const { graph } = await wholeGraph();
  Deno.writeTextFileSync(PAGE, withLayers(readPage(), foldersInOrder(graph)));
}
