import { join } from "node:path";
import { projectRoot } from "../../../lib/engine/layout.ts";
import type { PresetName } from "../../../lib/study/study.ts";

/** Where a reproduction reads and writes. */
export interface Places {
  readonly records: string;
  readonly tables: string;
  readonly figures: string;
  /** Executed notebooks. */
  readonly notebooks: string;
  readonly site: string;
}

/**
 * `publish` writes the committed folders, everything else one that git ignores, or `folder`. All
 * presets share its records.
 */
export function placesOf(preset: PresetName, publish: boolean, folder?: string): Places {
  const local = folder ?? join(projectRoot, ".cache", "reproduce");
  const [results, notebooks, records] = publish
    ? [join(projectRoot, "results"), join(projectRoot, "notebooks"), undefined]
    : [join(local, preset), join(local, preset, "notebooks"), join(local, "records")];
  return {
    records: records ?? join(results, "records"),
    tables: join(results, "tables"),
    figures: join(results, "figures"),
    notebooks,
    site: join(local, preset, "site"),
  };
}
