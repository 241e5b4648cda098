/** `reproduce`: runs what is missing of the studies, then makes tables, verdicts and notebooks. */
import { relative, resolve } from "node:path";
import { UsageError } from "../../../lib/cli/usage_error.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import { formatDuration } from "../../../lib/progress/format_progress.ts";
import { estimateSeconds } from "../../../lib/runner/estimate.ts";
import { missingRuns, runMissing } from "../../../lib/runner/run_missing.ts";
import { SHARED_CACHE } from "../../../lib/runner/run_study.ts";
import { acquireRunLock } from "../../../lib/files/run_lock.ts";
import { openStudy, PUBLISHED } from "../../../lib/study/open_study.ts";
import { type PlannedCell, planStudy } from "../../../lib/study/plan.ts";
import { openRecords } from "../../../lib/study/record_store.ts";
import type { Study } from "../../../lib/study/study.ts";
import { writeTables } from "../../../lib/study/table.ts";
import { studyTables } from "../../../lib/study/tables.ts";
import { studies, studyNamed } from "../../studies.ts";
import { verdictLines } from "./headline.ts";
import { makeNotebooks } from "./notebooks.ts";
import type { ReproduceOptions } from "./options.ts";
import { type Places, placesOf } from "./places.ts";
import { publishReadmes } from "./publish_readmes.ts";

/** Runs the command. @returns the exit code: 1 where a run failed */
export async function reproduce(
  options: ReproduceOptions,
  operands: readonly string[],
  progress: ProgressSink,
): Promise<number> {
  const { preset, publish } = options;
  refuse(options);
  const chosen = operands.length === 0 ? studies : [...new Set(operands)].map(studyNamed);
  const part = {
    ...(options.seeds === undefined ? {} : { seeds: options.seeds }),
    ...(options.arms === undefined ? {} : { arms: armsOf(options.arms, chosen) }),
  };
  const plans = new Map(chosen.map((study) => [study, planStudy(study, preset, part)]));
  const plan = [...plans.values()].flat();
  const places = placesOf(preset, publish, options.out && resolve(options.out));
  if (options.dryRun) {
    listRuns(plans, places, options.jobs);
    return 0;
  }
  const failed = options.tables ? 0 : await doRuns(plan, places, options.jobs, progress);
  for (const study of chosen) {
    const opened = openStudy(study, { ...part, preset, records: places.records });
    writeTables(places.tables, studyTables(opened));
    say(`\n${study.id}: ${study.title}`);
    const published = publish ? undefined : openStudy(study);
    say(verdictLines(opened, published).join("\n"));
  }
  if (preset === "smoke") say("\nsmoke shows that everything runs: its numbers mean nothing");
  if (publish) publishReadmes(studies);
  say(`\ntables: ${relative(Deno.cwd(), places.tables)}`);
  if (!options.skipNotebooks) {
    const page = await makeNotebooks(chosen, places, { preset, seeds: options.seeds ?? 0 });
    if (page !== undefined) say(`notebooks: open ${relative(Deno.cwd(), page)}`);
  }
  return failed === 0 ? 0 : 1;
}

/** @throws {UsageError} for options that contradict each other */
function refuse({ preset, publish, out, seeds, arms }: ReproduceOptions): void {
  if (!publish) return;
  if (preset === "smoke") {
    throw new UsageError("--publish does not go with --preset smoke: its numbers mean nothing");
  }
  if (out !== undefined) {
    throw new UsageError("--publish writes results/: it does not go with --out");
  }
  if (seeds !== undefined || arms !== undefined) {
    throw new UsageError("--publish publishes whole studies: leave --seeds and --arms out");
  }
}

function armsOf(list: string, chosen: readonly Study[]): string[] {
  const known = [...new Set(chosen.flatMap((study) => study.arms.map((arm) => arm.id)))];
  const arms = list.split(",").map((arm) => arm.trim());
  const unknown = arms.find((arm) => !known.includes(arm));
  if (unknown === undefined) return arms;
  throw new UsageError(`--arms: no arm is called "${unknown}"; there are ${known.join(", ")}`);
}

/** Does the missing runs, the records locked as long. @returns how many failed */
async function doRuns(
  plan: readonly PlannedCell[],
  { records }: Places,
  jobs: number,
  progress: ProgressSink,
): Promise<number> {
  Deno.mkdirSync(records, { recursive: true });
  const lock = acquireRunLock(records);
  try {
    const store = openRecords(records, { writable: true });
    const missing = missingRuns(plan, store.records);
    if (missing.length > 0) progress.message(timeText(missing, records, jobs));
    const summary = await runMissing(plan, store, { jobs, cache: SHARED_CACHE, progress });
    const { planned, found, done, failed } = summary;
    say(`${planned} runs: ${found} found, ${done} done, ${failed} failed`);
    return failed;
  } finally {
    lock.release();
  }
}

/** Lists what would run, and how long it may take. */
function listRuns(
  plans: ReadonlyMap<Study, readonly PlannedCell[]>,
  { records }: Places,
  jobs: number,
): void {
  const store = openRecords(records);
  const missing = missingRuns([...plans.values()].flat(), store.records);
  for (const run of missing) {
    say(`${run.hash.slice(0, 12)}  ${run.study} ${run.condition} ${run.arm} ${run.seed}`);
  }
  for (const [study, plan] of plans) {
    const left = missingRuns(plan, store.records).length;
    say(`${study.id}: ${plan.length} cells, ${left} without a record`);
  }
  say(timeText(missing, records, jobs));
}

function timeText(missing: readonly PlannedCell[], records: string, jobs: number): string {
  const known = [records, PUBLISHED].flatMap((folder) => [...openRecords(folder).records.values()]);
  const seconds = estimateSeconds(missing, known, jobs);
  const time = seconds === undefined ? "" : `, about ${formatDuration(seconds)}`;
  return `${missing.length} runs to do (shared ones once)${time} with ${jobs} processes`;
}

/** Results go to stdout, where JSON lines of progress may go too; people read both. */
function say(text: string): void {
  console.log(text);
}
