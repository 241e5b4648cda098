import type { PlannedRun } from "../../../lib/study/plan.ts";
import { openRecords } from "../../../lib/study/record_store.ts";
import type { SiteRun } from "./run_pages.ts";

/** The runs recorded in a folder, with their places in the plans. */
export function siteRuns(folder: string, plan: readonly PlannedRun[]): SiteRun[] {
  const places = Map.groupBy(plan, (run) => run.hash);
  return [...openRecords(folder).records.values()]
    .map((record) => ({ record, places: places.get(record.hash) ?? [] }));
}
