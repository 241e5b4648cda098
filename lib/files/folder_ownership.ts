import { join } from "node:path";
import { UserError } from "../errors.ts";
import { explainDiskError } from "./durable_file.ts";
import { LOCK_NAME } from "./run_lock.ts";
import { TEMPORARY_ENDING } from "./temporary_file.ts";

/** The file that makes a folder a run's folder. */
export const CONFIG = "config.json";

/** Value of `format` in it. */
export const FORMAT = "sera-run-1";

const SET_ASIDE = /^previous-\d+$/;

/** Throws if a folder has content that no run of ours put there, before anything is written. */
export function refuseForeign(folder: string): void {
  let names: string[];
  try {
    names = [...Deno.readDirSync(folder)].map((entry) => entry.name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    if (error instanceof Deno.errors.NotADirectory) {
      throw new UserError(`${folder} is a file; choose another --out`);
    }
    throw explainDiskError(error, folder);
  }
  if (names.includes(CONFIG) && readFormat(join(folder, CONFIG)) === FORMAT) return;
  const foreign = names.find((name) =>
    name !== LOCK_NAME && !name.endsWith(TEMPORARY_ENDING) && !SET_ASIDE.test(name)
  );
  if (foreign !== undefined) {
    throw new UserError(
      `${folder} is not empty and holds no run of ours (it has ${foreign}); ` +
        "choose a new or empty folder as --out",
    );
  }
}

function readFormat(path: string): unknown {
  try {
    return JSON.parse(Deno.readTextFileSync(path))?.format;
  } catch {
    return undefined;
  }
}

/** Moves a run's files into a folder beside them, its config last so that a crash can be repeated. */
export function setAside(folder: string): void {
  const names = [...Deno.readDirSync(folder)].map((entry) => entry.name);
  const moved = names.filter((name) =>
    name !== LOCK_NAME && name !== CONFIG && !SET_ASIDE.test(name)
  );
  if (names.includes(CONFIG)) moved.push(CONFIG);
  if (moved.length === 0) return;
  let n = 1;
  while (names.includes(`previous-${n}`)) n++;
  const target = join(folder, `previous-${n}`);
  Deno.mkdirSync(target);
  for (const name of moved) Deno.renameSync(join(folder, name), join(target, name));
}
