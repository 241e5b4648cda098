import { join } from "node:path";
import {
  type OpenedPreferences,
  openPreferences,
} from "../../../lib/environments/preference_file/open_preferences.ts";
import type { PreferenceFileSetting } from "../../../lib/environments/preference_file/setting.ts";
import { messageOf, UserError } from "../../../lib/errors.ts";
import { formatDuration } from "../../../lib/progress/format_progress.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import { estimateSeconds } from "../../../lib/runner/estimate.ts";
import { missingRuns } from "../../../lib/runner/run_missing.ts";
import { runStudy } from "../../../lib/runner/run_study.ts";
import { type PlannedCell, planStudy } from "../../../lib/study/plan.ts";
import type { StudyRecord } from "../../../lib/study/record.ts";
import { comparison, probe, PROBE_STEPS, probeSetting } from "./compare_study.ts";
import { scaledSeconds } from "./estimate.ts";
import type { CompareOptions } from "./options.ts";

/**
 * How many runs there are to do, and how long they may take: from earlier runs, or from a short one.
 * Where that one cannot be done, why the time is unknown.
 *
 * @param known finished runs, by hash
 */
export async function timeText(
  options: CompareOptions,
  opened: OpenedPreferences,
  known: ReadonlyMap<string, StudyRecord>,
  progress: ProgressSink,
): Promise<string> {
  const { seeds, jobs, methods } = options;
  const plan = planStudy(comparison(options, opened.setting), "full", { seeds });
  const missing = missingRuns(plan, known);
  const what = `${plan.length} runs (${methods.length} methods, ${seeds} seeds), ` +
    `${plan.length - missing.length} found`;
  if (missing.length === 0) return what;
  const own = [...known.values()].filter(({ config }) =>
    plan.some((run) => run.config.sera.iterations === config.sera.iterations)
  );
  const measured = estimateSeconds(missing, own, jobs);
  if (measured !== undefined) return `${what}, about ${formatDuration(measured)} to go`;
  try {
    return `${what}, ${await probedText(options, opened, missing, progress)}`;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return `${what}, time unknown: ${messageOf(error)}`;
  }
}

/** How long the runs may take by a run on a few pairs. Throws `UserError` where that cannot be done. */
async function probedText(
  options: CompareOptions,
  opened: OpenedPreferences,
  missing: readonly PlannedCell[],
  progress: ProgressSink,
): Promise<string> {
  progress.message("measuring what a run costs on a few pairs");
  const few = await openFew(probeSetting(opened.setting));
  const started = performance.now();
  const { records: probed } = await runStudy(probe(options, few.setting), {
    ...{ records: join(options.out, "probe"), seeds: 1, jobs: 1, progress },
  });
  const [record] = probed.values();
  if (record === undefined) throw new UserError("the run on a few pairs failed, as said above");
  const startUp = Math.max(0, (performance.now() - started) / 1000 - record.volatile.seconds);
  const size = { ...few, sera: { ...record.config.sera, steps: PROBE_STEPS } };
  const seconds = missing.reduce((sum, { config }) => {
    const run = { ...opened, sera: config.sera };
    return sum + scaledSeconds(run, size, record.volatile.iterations[1] ?? {});
  }, 0);
  const processes = Math.min(options.jobs, missing.length);
  return `about ${formatDuration(startUp + seconds / processes)} to go with ${processes} ` +
    `processes (from a run on ${few.pairs.length} pairs)`;
}

/** With pairs held out where a few pairs have the prompts for it: the first may have one prompt. */
async function openFew(setting: PreferenceFileSetting): Promise<OpenedPreferences> {
  try {
    return await openPreferences(setting, 0);
  } catch (error) {
    if (!(error instanceof UserError) || setting.heldOut === 0) throw error;
    return await openPreferences({ ...setting, heldOut: 0 }, 0);
  }
}
