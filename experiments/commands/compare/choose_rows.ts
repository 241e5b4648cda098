import type { EngineInfo } from "../../../lib/engine/tensorflow.ts";
import type { OpenedPreferences } from "../../../lib/environments/preference_file/open_preferences.ts";
import type { PreferenceFileSetting } from "../../../lib/environments/preference_file/setting.ts";
import { type RowsChoice, weightBytes } from "../../../lib/policy/memory.ts";
import { missingRuns } from "../../../lib/runner/run_missing.ts";
import { seraConfig } from "../../../lib/sera/config.ts";
import { heldPolicies } from "../../../lib/sera/past_policies.ts";
import { firstIterationsKept } from "../../../lib/study/first_iteration.ts";
import { planStudy } from "../../../lib/study/plan.ts";
import type { StudyRecord } from "../../../lib/study/record.ts";
import { chooseMaxRows } from "../align/choose_max_rows.ts";
import { seraOptionsOf } from "../align/configure.ts";
import { comparison, dearestMethod } from "./compare_study.ts";
import type { CompareOptions } from "./options.ts";

/** What the choice looks at beside the options. */
export interface ComparedRuns {
  readonly opened: Pick<OpenedPreferences, "files" | "lora" | "tokenized" | "setting">;
  /** Runs that are done, by hash. */
  readonly records: ReadonlyMap<string, StudyRecord>;
  /** What workers compute on; asked only where there is something to choose. */
  readonly engine: () => Promise<EngineInfo>;
  /** Free memory, bytes. Default: what the system says. */
  readonly available?: number;
}

/**
 * `--max-rows`: what the user gave, what this comparison's finished runs had, or as many as each
 * process's part of the free memory holds.
 *
 * @throws {UserError} as `chooseMaxRows`
 */
export async function chooseComparedRows(
  options: CompareOptions,
  { opened, records, engine, available }: ComparedRuns,
): Promise<RowsChoice> {
  const method = dearestMethod(options.methods);
  const config = seraConfig(seraOptionsOf({ ...options, method }));
  const maxRows = options.maxRows ?? rowsBefore(options, opened.setting, records);
  const plan = planOf({ ...options, maxRows }, opened.setting);
  const missing = missingRuns(plan, records).length;
  if (missing === 0) return { maxRows: maxRows ?? config.maxRows };
  const free = available ?? Deno.systemMemoryInfo().available;
  return chooseMaxRows(
    // All pairs: each seed holds out others.
    { ...opened, pairs: opened.tokenized.pairs },
    { maxRows, out: options.out, force: true },
    config,
    await engine(),
    free / Math.min(options.jobs, missing),
    // Workers keep policies in memory, and the first iteration for the methods that follow.
    heldPolicies(config) + firstIterationsKept(weightBytes(opened.files.config)),
  );
}

/** The rows with which most runs of this comparison were done; undefined where none was. */
function rowsBefore(
  options: CompareOptions,
  setting: PreferenceFileSetting,
  records: ReadonlyMap<string, StudyRecord>,
): number | undefined {
  const known = new Set([...records.values()].map(({ config }) => config.sera.maxRows));
  const [best] = [...known].map((maxRows) => {
    const plan = planOf({ ...options, maxRows }, setting);
    return { maxRows, found: plan.length - missingRuns(plan, records).length };
  }).filter(({ found }) => found > 0).sort((a, b) => b.found - a.found);
  return best?.maxRows;
}

function planOf(options: CompareOptions, setting: PreferenceFileSetting) {
  return planStudy(comparison(options, setting), "full", { seeds: options.seeds });
}
