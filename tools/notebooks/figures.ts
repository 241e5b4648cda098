/** Figures of `results/figures`: what the executed notebooks show, byte for byte. */
import { basename, join } from "node:path";
import { UserError } from "../../lib/errors.ts";
import { writeDurably } from "../../lib/files/durable_file.ts";
import { type Notebook, readNotebook } from "./notebook.ts";
import { svgOf } from "./site/summary.ts";

/**
 * The SVG of every named figure that notebooks show, by its id.
 *
 * @throws {UserError} where two notebooks show different figures of one id
 */
export function shownFigures(paths: readonly string[]): Map<string, string> {
  const found = new Map<string, { readonly svg: string; readonly path: string }>();
  for (const path of paths) {
    for (const [id, svg] of figuresOf(readNotebook(path))) {
      const other = found.get(id);
      if (other !== undefined && other.svg !== svg) {
        throw new UserError(
          `${basename(other.path)} and ${basename(path)} show two figures "${id}"; rename one`,
        );
      }
      found.set(id, { svg, path });
    }
  }
  return new Map([...found].map(([id, { svg }]) => [id, svg]));
}

function figuresOf({ cells }: Notebook): [id: string, svg: string][] {
  return cells.flatMap((cell) => cell.outputs ?? []).flatMap((output) => {
    const id = output.metadata?.sera?.figure;
    return id === undefined || svgOf(output) === ""
      ? []
      : [[id, svgOf(output)] as [string, string]];
  });
}

/** Writes the figures as `<id>.svg`, and removes other SVG files from the folder. */
export function writeFigures(folder: string, figures: ReadonlyMap<string, string>): void {
  Deno.mkdirSync(folder, { recursive: true });
  for (const name of svgFiles(folder)) {
    if (!figures.has(basename(name, ".svg"))) Deno.removeSync(join(folder, name));
  }
  for (const [id, svg] of figures) {
    writeDurably(join(folder, `${id}.svg`), [new TextEncoder().encode(svg)]);
  }
}

/** Where the folder differs from the figures, one line a finding. */
export function figureFindings(folder: string, figures: ReadonlyMap<string, string>): string[] {
  const files = new Set(svgFiles(folder));
  return [
    ...[...figures].flatMap(([id, svg]) =>
      !files.has(`${id}.svg`)
        ? [`${id}.svg is missing`]
        : Deno.readTextFileSync(join(folder, `${id}.svg`)) !== svg
        ? [`${id}.svg is not what its notebook shows`]
        : []
    ),
    ...[...files].filter((name) => !figures.has(basename(name, ".svg")))
      .map((name) => `${name} is shown by no notebook`),
  ];
}

function svgFiles(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name)
      .filter((name) => name.endsWith(".svg"));
  } catch {
    return [];
  }
}
