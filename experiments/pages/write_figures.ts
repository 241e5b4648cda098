import { join } from "node:path";
import { renderSvg } from "../../lib/figures/mod.ts";
import { writeDurably } from "../../lib/results/durable_file.ts";
import type { StudyRow } from "../../lib/results/study_rows.ts";
import type { StudyName } from "../studies/study.ts";
import { drawFigure } from "./page.ts";
import { pages } from "./pages.ts";

/**
 * Writes the figures of a study's page as `<study>_<figure>.svg`. The same rows give the same bytes.
 *
 * @returns the names of the files written; figures that the rows have nothing for are left out
 */
export async function writeFigures(
  folder: string,
  study: StudyName,
  rows: readonly StudyRow[],
): Promise<string[]> {
  Deno.mkdirSync(folder, { recursive: true });
  const written: string[] = [];
  for (const figure of pages[study].figures) {
    const spec = drawFigure(figure, rows);
    if (spec === undefined) continue;
    const name = `${study}_${figure.id}.svg`;
    writeDurably(join(folder, name), [new TextEncoder().encode(await renderSvg(spec))]);
    written.push(name);
  }
  return written;
}
