/**
 * `reproduce`: runs what is missing of the studies, then makes tables, verdicts and notebooks.
 * Results go to stdout, where JSON lines of progress may go too; people read both.
 */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { UsageError } from "../../../lib/cli/usage_error.ts";
import { print } from "../../../lib/cli/print.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import { formatDuration } from "../../../lib/progress/format_progress.ts";
import { estimateSeconds } from "../../../lib/runner/estimate.ts";
import { missingRuns, runMissing } from "../../../lib/runner/run_missing.ts";
import { SHARED_CACHE } from "../../../lib/runner/run_study.ts";
import { shellWord } from "../../../lib/report/usage.ts";
import { openStudy, PUBLISHED } from "../../../lib/study/open_study.ts";
import { type PlannedCell, planStudy } from "../../../lib/study/plan.ts";
import type { StudyRecord } from "../../../lib/study/record.ts";
import { openRecords } from "../../../lib/study/record_store.ts";
import type { Study } from "../../../lib/study/study.ts";
import { writeTables } from "../../../lib/study/table.ts";
import { studyTables } from "../../../lib/study/tables.ts";
import { allStudies, familyOf, studiesNamed } from "../../studies.ts";
import { missingLines, partedLines, SMOKE, verdictLines } from "./headline.ts";
import { makeNotebooks } from "./notebooks.ts";
import type { ReproduceOptions } from "./options.ts";
import { openOwnRecords, publishedBeside, takePublished, withOwnRecords } from "./own_records.ts";
import { type Places, placesOf } from "./places.ts";
import { publishOverview } from "./publish_overview.ts";
import { runElsewhere, runIndex, writePlan } from "./sweep.ts";

/** Runs the command. @returns the exit code: 1 where a run failed */
export async function reproduce(
  options: ReproduceOptions,
  operands: readonly string[],
  progress: ProgressSink,
): Promise<number> {
  const { preset, publish } = options;
  refuse(options);
  if (options.index !== undefined) {
    if (options.plan === undefined) throw new UsageError("--index needs --plan");
    await runIndex(options.plan, options.index, progress);
    return 0;
  }
  const chosen = studiesNamed(operands);
  const part = {
    ...(options.seeds === undefined ? {} : { seeds: options.seeds }),
    ...(options.arms === undefined ? {} : { arms: armsOf(options.arms, chosen) }),
  };
  const plans = new Map(chosen.map((study) => [study, planStudy(study, preset, part)]));
  const plan = [...plans.values()].flat();
  const places = placesOf(preset, publish, options.out);
  if (options.dryRun) {
    listRuns(plans, places, options);
    return 0;
  }
  if (options.plan !== undefined && !options.merge && options.executor === "local") {
    print(await writePlan(options.plan, plan, options, places));
    return 0;
  }
  if (preset === "smoke") print(SMOKE);
  const run = options.merge || options.executor === "slurm" ? runElsewhere : doRuns;
  const failed = options.tables ? 0 : await run(plan, places, options, progress);
  const own = openRecords(places.records);
  const published = publish ? own : openRecords(PUBLISHED);
  for (const study of chosen) {
    const opened = openStudy(study, { ...part, preset, records: own, family: familyOf(study) });
    writeTables(places.tables, studyTables(opened));
    print(`\n${study.id}: ${study.title}`);
    const smoke = preset === "smoke";
    if (smoke) print(`  ${SMOKE}`);
    // Of what is published the differences are compared, which no family corrects.
    const beside = publish || smoke ? undefined : {
      all: openStudy(study, { records: published }),
      same: openStudy(study, { ...part, preset, records: published }),
    };
    print(verdictLines(opened, beside, smoke).join("\n"));
    const rest = [
      ...partedLines(opened),
      ...missingLines(opened, commandOptions(options), publish),
    ];
    if (rest.length > 0) print(rest.join("\n"));
  }
  if (publish) publishOverview(allStudies, published, places.tables);
  print(`\ntables: ${places.tables}`);
  if (!options.skipNotebooks) {
    const parameters = { preset, seeds: options.seeds ?? 0 };
    const page = await makeNotebooks(chosen, places, parameters, options.jobs, progress);
    if (page !== undefined) print(`notebooks: open ${page}`);
  }
  return failed === 0 ? 0 : 1;
}

/** @throws {UsageError} for options that contradict each other */
function refuse({ preset, publish, out, seeds, arms }: ReproduceOptions): void {
  const results = Deno.realPathSync(dirname(PUBLISHED));
  if (out !== undefined && existsSync(out) && Deno.realPathSync(out) === results) {
    throw new UsageError(`--out ${out} is where the published results lie: choose another folder`);
  }
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
  const known = [
    ...new Set(
      chosen.flatMap(({ arms, matched = [] }) => [...arms, ...matched].map((arm) => arm.id)),
    ),
  ];
  const arms = list.split(",").map((arm) => arm.trim());
  const unknown = arms.find((arm) => !known.includes(arm));
  if (unknown === undefined) return arms;
  throw new UsageError(`--arms: no arm is called "${unknown}"; there are ${known.join(", ")}`);
}

/** Of this call, those that name the same runs. */
function commandOptions({ preset, seeds, publish, out }: ReproduceOptions): string {
  return [
    `--preset ${preset}`,
    ...(seeds === undefined ? [] : [`--seeds ${seeds}`]),
    ...(publish ? ["--publish"] : []),
    ...(out === undefined ? [] : [`--out ${shellWord(out)}`]),
  ].join(" ");
}

/** Does the missing runs, the records locked as long. @returns how many failed */
async function doRuns(
  plan: readonly PlannedCell[],
  { records }: Places,
  { jobs, reuse }: ReproduceOptions,
  progress: ProgressSink,
): Promise<number> {
  return await withOwnRecords(records, (text) => progress.message(text), async (store) => {
    const published = publishedBeside(records);
    takePublished(plan, store, published, reuse);
    const missing = missingRuns(plan, store.records);
    if (missing.length > 0) print(timeText(missing, [store.records, published], jobs));
    const summary = await runMissing(plan, store, { jobs, cache: SHARED_CACHE, progress });
    const { planned, found, done, failed } = summary;
    print(`${planned} runs: ${found} found, ${done} done, ${failed} failed`);
    return failed;
  });
}

/** Lists what would run, and how long it may take. */
function listRuns(
  plans: ReadonlyMap<Study, readonly PlannedCell[]>,
  { records }: Places,
  { jobs, reuse }: ReproduceOptions,
): void {
  const own = openOwnRecords(records, print).records;
  const published = publishedBeside(records);
  const there = reuse ? new Map([...published, ...own]) : own;
  const missing = missingRuns([...plans.values()].flat(), there);
  for (const run of missing) {
    print(`${run.hash.slice(0, 12)}  ${run.study} ${run.condition} ${run.arm} ${run.seed}`);
  }
  for (const [study, plan] of plans) {
    const left = missingRuns(plan, there).length;
    print(`${study.id}: ${plan.length} cells, ${left} without a record`);
  }
  print(timeText(missing, [own, published], jobs));
}

function timeText(
  missing: readonly PlannedCell[],
  known: readonly ReadonlyMap<string, StudyRecord>[],
  jobs: number,
): string {
  const seconds = estimateSeconds(missing, known.flatMap((records) => [...records.values()]), jobs);
  const time = seconds === undefined ? "" : `, about ${formatDuration(seconds)}`;
  return `${missing.length} runs to do (shared ones once)${time} with ${jobs} processes`;
}
