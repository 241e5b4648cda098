import { existsSync } from "node:fs";
import { UserError } from "../lib/errors.ts";
import type { Study } from "../lib/study/study.ts";

/** A file of `experiments/studies/` is a study: it exports one, called as its file. */
async function readStudies(): Promise<Study[]> {
  const folder = new URL("./studies/", import.meta.url);
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.endsWith(".ts"));
  const found = await Promise.all(names.map(async (name) => {
    const module = await import(new URL(name, folder).href) as Record<string, Study | undefined>;
    const study = module[name.slice(0, -".ts".length)];
    if (study !== undefined) return study;
    throw new UserError(`experiments/studies/${name} exports no study of the file's name`);
  }));
  const places = new Map(notebookNames().map((name, i) => [name.replace(/^\d+_/, ""), i]));
  const placeOf = (study: Study) => places.get(study.id) ?? Infinity;
  return found.sort((a, b) => placeOf(a) - placeOf(b) || (a.id < b.id ? -1 : 1));
}

/** Names of the notebooks, without ending, in their order: `01_selection`. */
function notebookNames(): string[] {
  const folder = new URL("../notebooks/", import.meta.url);
  if (!existsSync(folder)) return [];
  return [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.endsWith(".ipynb")).map((name) => name.slice(0, -".ipynb".length))
    .sort();
}

/** Every study, in the order of their notebooks; those without one last. */
export const studies: readonly Study[] = await readStudies();

/** @throws {UserError} for a name that no study has */
export function studyNamed(name: string): Study {
  const found = studies.find((study) => study.id === name);
  if (found !== undefined) return found;
  const names = studies.map((study) => study.id).join(", ");
  throw new UserError(`unknown study "${name}"; the studies are ${names}`);
}
