import { join } from "node:path";
import { projectRoot } from "../../lib/engine/layout.ts";
import type { PresetName } from "../studies/settings.ts";
import type { StudyName } from "../studies/study.ts";

/** Where `reproduce` without `--publish` keeps its records; git ignores it. */
export const LOCAL_RECORDS = join(projectRoot, ".cache", "reproduce", "records");

/** Arguments of deno that do a study's missing runs into LOCAL_RECORDS, from the project's folder. */
export function localRunArguments(study: StudyName, preset: PresetName, seeds: number): string[] {
  return [
    ...["run", "-A", "experiments/reproduce.ts", study],
    ...["--preset", preset, "--skip-notebooks"],
    ...(seeds > 0 ? ["--seeds", String(seeds)] : []),
  ];
}
