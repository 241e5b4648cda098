import { existsSync } from "node:fs";
import { UserError } from "../lib/errors.ts";
import type { Study } from "../lib/study/study.ts";

/** A file of such a folder is a study: it exports one, called as its file. */
async function readStudies(name: string): Promise<Study[]> {
  const folder = new URL(`./${name}/`, import.meta.url);
  const files = [...Deno.readDirSync(folder)].map((entry) => entry.name)
    .filter((file) => file.endsWith(".ts"));
  const found = await Promise.all(files.map(async (file) => {
    const module = await import(new URL(file, folder).href) as Record<string, Study | undefined>;
    const study = module[file.slice(0, -".ts".length)];
    if (study !== undefined) return study;
    throw new UserError(`experiments/${name}/${file} exports no study of the file's name`);
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

/** The studies in the small language, in the order of their notebooks; those without one last. */
export const studies: readonly Study[] = await readStudies("studies");
/** What they left open, in the same language on fresh seeds: planned once they had been read. */
export const followUps: readonly Study[] = await readStudies("follow_ups");
/** The studies of a pretrained model, in the same order. They take hours, and are run by name. */
export const realStudies: readonly Study[] = await readStudies("real_studies");
/** Every study, in that order. */
export const allStudies: readonly Study[] = [...studies, ...followUps, ...realStudies];

/** Names them all. */
export const REAL = "real";

/** The studies whose claims are one family for Holm's correction with this one's. */
export function familyOf(study: Study): readonly Study[] {
  return [followUps, realStudies].find((family) => family.includes(study)) ?? studies;
}

/** @throws {UserError} for a name that no study has */
export function studyNamed(name: string): Study {
  const found = allStudies.find((study) => study.id === name);
  if (found !== undefined) return found;
  const names = allStudies.map((study) => study.id).join(", ");
  throw new UserError(`unknown study "${name}"; the studies are ${names}`);
}

/**
 * The studies that a command names, each once: by id, or "real". None named: those in the small
 * language.
 */
export function studiesNamed(names: readonly string[]): readonly Study[] {
  if (names.length === 0) return [...studies, ...followUps];
  return [...new Set(names.flatMap((name) => name === REAL ? realStudies : [studyNamed(name)]))];
}
