import { print } from "../../../lib/cli/print.ts";
import { checkWritable } from "../../../lib/files/check_writable.ts";
import { acquireRunLock } from "../../../lib/files/run_lock.ts";
import { missingRuns } from "../../../lib/runner/run_missing.ts";
import { PUBLISHED } from "../../../lib/study/open_study.ts";
import type { PlannedCell } from "../../../lib/study/plan.ts";
import type { StudyRecord } from "../../../lib/study/record.ts";
import {
  openRecords,
  type RecordOptions,
  type RecordStore,
} from "../../../lib/study/record_store.ts";

/**
 * The records that runs are added to. A damaged line is told and counts as absent, so that its run
 * is done again; among published records it is an error: version control restores those.
 *
 * @param tell told of damaged lines
 * @throws {UserError} naming a damaged line of the published records
 */
export function openOwnRecords(
  folder: string,
  tell: (message: string) => void,
  options: Pick<RecordOptions, "writable"> = {},
): RecordStore {
  const onDamaged = (message: string) => tell(`warning: ${message}`);
  return openRecords(folder, { ...options, ...(folder !== PUBLISHED && { onDamaged }) });
}

/** Opens them to be added to, and locks them as long as the work takes. */
export async function withOwnRecords<T>(
  folder: string,
  tell: (message: string) => void,
  work: (store: RecordStore) => T | Promise<T>,
): Promise<T> {
  checkWritable(folder);
  const lock = acquireRunLock(folder);
  try {
    return await work(openOwnRecords(folder, tell, { writable: true }));
  } finally {
    lock.release();
  }
}

/** The records that `--reuse` takes from, by hash; none where they are the own ones. */
export function publishedBeside(folder: string): ReadonlyMap<string, StudyRecord> {
  return folder === PUBLISHED ? new Map() : openRecords(PUBLISHED).records;
}

/** Adds the published records of planned runs that have none here, or says that there are some. */
export function takePublished(
  plan: readonly PlannedCell[],
  store: RecordStore,
  published: ReadonlyMap<string, StudyRecord>,
  reuse: boolean,
): void {
  const known = new Set(missingRuns(plan, store.records).map(({ hash }) => hash))
    .intersection(published);
  if (reuse) {
    for (const { study, hash } of plan) {
      if (known.has(hash)) store.add(study, published.get(hash) as StudyRecord);
    }
    print(`${known.size} runs reused from the published records`);
  } else if (known.size > 0) {
    print(`${known.size} of these runs are published: --reuse takes their records instead`);
  }
}
