/** `reproduce` on other machines: plan files, single runs, Slurm, and the way back to the records. */
import { join } from "node:path";
import { UsageError } from "../../../lib/cli/usage_error.ts";
import { print } from "../../../lib/cli/print.ts";
import { projectRoot } from "../../../lib/engine/layout.ts";
import { loadEngine } from "../../../lib/engine/tensorflow.ts";
import type { Environment } from "../../../lib/environments/environment.ts";
import { UserError } from "../../../lib/errors.ts";
import { sha256 } from "../../../lib/files/fingerprint.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import { shellWord } from "../../../lib/report/usage.ts";
import { missingRuns } from "../../../lib/runner/run_missing.ts";
import { runOnSlurm } from "../../../lib/runner/run_on_slurm.ts";
import { ownPermissions } from "../../../lib/runner/own_permissions.ts";
import { SHARED_CACHE } from "../../../lib/runner/run_study.ts";
import {
  hasPart,
  mergeParts,
  readSweep,
  type SweepRun,
  sweepRuns,
  writePart,
  writeSweep,
} from "../../../lib/runner/sweep_plan.ts";
import { type PlannedCell, planStudy } from "../../../lib/study/plan.ts";
import { runOne } from "../../../lib/study/run_one.ts";
import { studyNamed } from "../../studies.ts";
import type { ReproduceOptions } from "./options.ts";
import { openOwnRecords, publishedBeside, takePublished, withOwnRecords } from "./own_records.ts";
import type { Places } from "./places.ts";

/** Seconds between two looks at Slurm's queue. */
const POLL_SECONDS = 5;

/** Does one run of a plan file, on one thread as local runs do, unless its result is there. */
export async function runIndex(plan: string, index: number, progress: ProgressSink): Promise<void> {
  const runs = readSweep(plan);
  const run = runs[index];
  if (run === undefined) {
    throw new UsageError(`--index ${index}: ${plan} has the runs 0 to ${runs.length - 1}`);
  }
  if (hasPart(plan, run)) return print(`run ${index} is there already`);
  const { config, module } = cellOf(run);
  for (const name of ["SERA_THREADS", "OMP_NUM_THREADS"]) Deno.env.set(name, "1");
  await loadEngine();
  const { environment } = await import(module) as { environment: Environment };
  writePart(plan, await runOne(environment, config, { cache: SHARED_CACHE, progress }));
  print(`run ${index} done: ${run.studies[0]} ${run.condition} ${run.arm} seed ${run.seed}`);
}

/** The cell that a line of a plan stands for. Throws where the code plans it otherwise now. */
function cellOf({ hash, studies, preset, condition, arm, seed }: SweepRun): PlannedCell {
  const [cell] = planStudy(studyNamed(studies[0] as string), preset, {
    ...{ arms: [arm], conditions: [condition], firstSeed: seed, seeds: 1 },
  });
  if (cell?.hash === hash) return cell;
  throw new UserError(
    `the plan's run ${hash.slice(0, 12)} (${
      studies[0]
    } ${condition} ${arm}) is not what this code ` +
      "plans there: check out the commit that wrote the plan, or write it anew",
  );
}

/** Writes the missing runs of a plan into a file. @returns what to do with it */
export async function writePlan(
  path: string,
  plan: readonly PlannedCell[],
  { preset, reuse }: ReproduceOptions,
  { records }: Places,
): Promise<string> {
  const published = publishedBeside(records);
  if (reuse) {
    await withOwnRecords(records, print, (store) => takePublished(plan, store, published, true));
  }
  const store = openOwnRecords(records, print);
  if (!reuse) takePublished(plan, store, published, false);
  const runs = missingRuns(plan, store.records);
  writeSweep(path, sweepRuns(runs, plan, preset));
  return `${runs.length} runs: ${path}\neach, anywhere: deno task reproduce --plan ` +
    `${shellWord(path)} --index N, N from 0; then the same command with --merge`;
}

/**
 * Lets Slurm do the missing runs, or only takes what is there (`--merge`), and adds the results to
 * the records. @returns how many runs have no result
 */
export async function runElsewhere(
  plan: readonly PlannedCell[],
  { records }: Places,
  options: ReproduceOptions,
  progress: ProgressSink,
): Promise<number> {
  const { merge, reuse, plan: file } = options;
  if (merge && file === undefined) throw new UsageError("--merge needs --plan");
  return await withOwnRecords(records, (text) => progress.message(text), async (store) => {
    if (reuse || !merge) takePublished(plan, store, publishedBeside(records), reuse);
    if (merge && file !== undefined) {
      const left = mergeParts(file, store);
      print(`${readSweep(file).length} runs planned, ${left.length} without a result`);
      return left.length;
    }
    if (missingRuns(plan, store.records).length === 0) return 0;
    // The whole plan, so that the same command finds its jobs again whatever was merged meanwhile.
    const runs = sweepRuns(missingRuns(plan, new Map()), plan, options.preset);
    const path = file ?? planPath(runs);
    writeSweep(path, runs);
    for (const run of runs) {
      const record = store.records.get(run.hash);
      if (record !== undefined && !hasPart(path, run)) writePart(path, record);
    }
    const command = [
      ...[Deno.execPath(), "run", ...ownPermissions(), "--quiet"],
      ...[join(projectRoot, "experiments/commands/reproduce/main.ts"), "--plan", path, "--index"],
    ].map(shellWord).join(" ");
    const { partition, account, time, memory, gpus, arrayLimit, attempts } = options;
    const failed = await runOnSlurm(path, {
      ...{ command, attempts, pollSeconds: POLL_SECONDS, progress },
      ...{ partition, account, time, memory, gpus, arrayLimit },
    });
    mergeParts(path, store);
    print(
      `${runs.length} runs: ${runs.length - failed.length} done, ${failed.length} failed`,
    );
    for (const { run, log } of failed) {
      print(`  ${run.studies[0]} ${run.condition} ${run.arm} seed ${run.seed}: see ${log}`);
    }
    return failed.length;
  });
}

/** The same runs have the same plan file. */
function planPath(runs: readonly SweepRun[]): string {
  const folder = join(projectRoot, ".cache", "sweeps");
  Deno.mkdirSync(folder, { recursive: true });
  return join(folder, `${sha256(runs.map(({ hash }) => hash).join()).slice(0, 16)}.tsv`);
}
