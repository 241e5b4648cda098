import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { projectRoot } from "../engine/layout.ts";
import type { Setting } from "../environments/environment.ts";
import { acquireRunLock } from "../files/run_lock.ts";
import { type ProgressSink, silentProgress } from "../progress/progress_sink.ts";
import { type OpenedStudy, type OpenOptions, openStudy } from "../study/open_study.ts";
import { openRecords } from "../study/record_store.ts";
import { type StudyRow, studyRows } from "../study/rows.ts";
import type { Study } from "../study/study.ts";
import { runMissing, type RunMissingSummary } from "./run_missing.ts";

/** Folder of what runs share: SFT models. Git ignores it. */
export const SHARED_CACHE: string = join(projectRoot, ".cache", "shared");

/** Which part of a study is run, where its records go, and who watches. */
export interface RunStudyOptions<S extends Setting = Setting> extends OpenOptions {
  /** Folder of the records: finished runs are found there. */
  readonly records: string;
  /** Processes, each on one thread. Default: one per core. */
  readonly jobs?: number;
  /** Folder for the texts of each run's samples, `<hash>.json`. Default: they are not kept. */
  readonly samples?: string;
  /** Told which runs end. Default: nobody. */
  readonly progress?: ProgressSink;
  /** Called with all rows so far whenever a run ends: draw them. */
  readonly onRows?: (rows: readonly StudyRow<S>[]) => void;
}

/**
 * Does a study's missing runs on worker processes and opens it. A run that ends is kept at once:
 * interrupted or killed, the same call goes on. A damaged record is named, set aside and made again.
 *
 * @throws {UserError} for an unknown preset, or where another process writes the same records
 */
export async function runStudy<S extends Setting>(
  study: Study<S>,
  options: RunStudyOptions<S>,
): Promise<OpenedStudy<S> & { readonly summary: RunMissingSummary }> {
  const { records: folder, jobs = availableParallelism(), onRows, ...rest } = options;
  const { progress = silentProgress, preset = "full", samples, ...part } = rest;
  const records = resolve(folder);
  Deno.mkdirSync(records, { recursive: true });
  const lock = acquireRunLock(records);
  try {
    const onDamaged = (message: string) => progress.message(`warning: ${message}`);
    const store = openRecords(records, { writable: true, onDamaged });
    const { plan } = openStudy(study, { ...part, preset, records: store });
    const summary = await runMissing(plan, store, {
      ...{ jobs, cache: SHARED_CACHE, progress },
      ...(samples !== undefined && { samples: resolve(samples) }),
      onRecord: () => onRows?.(studyRows(plan, store.records, study)),
    });
    return { ...openStudy(study, { ...part, preset, records: store }), summary };
  } finally {
    lock.release();
  }
}
