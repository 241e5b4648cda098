/** `reproduce`: runs what is missing of the studies, then makes tables, verdicts and notebooks. */
import { join, relative, resolve } from "node:path";
import { availableParallelism } from "node:os";
import type { ClaimResult } from "../lib/evaluation/claim.ts";
import { parseCommand } from "../lib/cli/command.ts";
import { choiceOption, integerOption, switchOption, textOption } from "../lib/cli/option.ts";
import { runCommand } from "../lib/cli/run_command.ts";
import { UsageError } from "../lib/cli/usage_error.ts";
import { projectRoot } from "../lib/engine/layout.ts";
import { commandProgress } from "../lib/progress/command_progress.ts";
import { formatDuration } from "../lib/progress/format_progress.ts";
import { writeDurably } from "../lib/results/durable_file.ts";
import { acquireRunLock } from "../lib/results/run_lock.ts";
import { openStudyStore, type StudyStore } from "../lib/results/study_store.ts";
import { studyRows } from "../lib/results/study_rows.ts";
import { writeFigures } from "./pages/write_figures.ts";
import { estimateSeconds } from "./reproduce/estimate.ts";
import { headlines } from "./reproduce/headline.ts";
import { executeAndExport, notebooksOf } from "./reproduce/notebooks.ts";
import { withVerdicts } from "./reproduce/readme_verdicts.ts";
import { resultsReadme } from "./reproduce/results_readme.ts";
import { missingRuns, runMissing } from "./reproduce/run_missing.ts";
import { tablesOf, verdictsOf, writeTables } from "./reproduce/study_tables.ts";
import { type PresetName, presetNames } from "./studies/settings.ts";
import { SFT_CACHE } from "./studies/sft_cache.ts";
import { studies, studyNamed } from "./studies/studies.ts";
import { type PlannedRun, planStudy, type Study } from "./studies/study.ts";

const STUDY_NAMES = studies.map((study) => study.id);

const command = {
  name: "reproduce",
  description: "Run what is missing of the studies; make their tables, verdicts and notebooks.",
  operands: {
    syntax: "[study...]",
    description: "studies to reproduce, all unless named",
    choices: STUDY_NAMES,
  },
  options: {
    preset: choiceOption({
      flags: "--preset <name>",
      description: "how much to run",
      choices: presetNames,
      default: "quick",
    }),
    seeds: integerOption({
      flags: "--seeds <n>",
      description: "seeds 0 to n - 1 of each cell",
      min: 1,
    }),
    jobs: integerOption({
      flags: "--jobs <n>",
      description: "processes, each on one thread",
      min: 1,
      default: availableParallelism(),
    }),
    publish: switchOption({
      flags: "--publish",
      description: "write the committed records and tables in results/",
    }),
    out: textOption({
      flags: "--out <dir>",
      description: "folder for records, tables, figures and notebooks",
      defaultText: ".cache/reproduce",
    }),
    dryRun: switchOption({ flags: "--dry-run", description: "list the runs and stop" }),
    tables: switchOption({
      flags: "--tables",
      description: "run nothing: tables and verdicts of the records that are there",
    }),
    skipNotebooks: switchOption({
      flags: "--skip-notebooks",
      description: "leave the notebooks and the site alone",
    }),
  },
  notes: "A finished run is never repeated. Interrupted or killed, the same command goes on.",
} as const;

/** Where a reproduction reads and writes. */
export interface Places {
  readonly records: string;
  readonly tables: string;
  readonly figures: string;
  readonly out: string;
}

/**
 * `--publish` writes the committed folder, everything else one that git ignores, or `folder`.
 * All presets share its records.
 */
export function placesOf(
  preset: PresetName,
  publish: boolean,
  folder = join(projectRoot, ".cache", "reproduce"),
): Places {
  const out = join(folder, preset);
  if (!publish) {
    return {
      records: join(folder, "records"),
      tables: join(out, "tables"),
      figures: join(out, "figures"),
      out,
    };
  }
  const results = join(projectRoot, "results");
  return {
    records: join(results, "records"),
    tables: join(results, "tables"),
    figures: join(results, "figures"),
    out,
  };
}

async function main(args: readonly string[]): Promise<number> {
  const { options, operands } = parseCommand(command, args);
  const { preset, publish, jobs, dryRun } = options;
  if (publish && preset === "smoke") {
    throw new UsageError("--publish does not go with --preset smoke: its numbers mean nothing");
  }
  if (publish && options.out !== undefined) {
    throw new UsageError("--publish writes results/: it does not go with --out");
  }
  const chosen = operands.length === 0 ? studies : [...new Set(operands)].map(studyNamed);
  const seeds = options.seeds === undefined ? {} : { seeds: options.seeds };
  const plans = new Map(chosen.map((study) => [study, planStudy(study, preset, seeds)]));
  const plan = [...plans.values()].flat();
  const folder = options.out === undefined ? undefined : resolve(options.out);
  const places = placesOf(preset, publish, folder);
  if (dryRun) {
    listRuns(plans, openStudyStore(places.records, STUDY_NAMES, { writable: false }), jobs);
    return 0;
  }
  const failed = options.tables ? 0 : await doRuns(plan, places, jobs);
  await report(
    plans,
    openStudyStore(places.records, STUDY_NAMES, { writable: false }),
    places,
    preset,
    publish,
  );
  if (!options.skipNotebooks) await makeNotebooks(chosen, places, preset, options.seeds);
  return failed === 0 ? 0 : 1;
}

/**
 * Does the missing runs. The records are locked as long: notebooks do runs, too.
 *
 * @returns how many failed
 */
async function doRuns(plan: readonly PlannedRun[], places: Places, jobs: number): Promise<number> {
  Deno.mkdirSync(places.records, { recursive: true });
  const lock = acquireRunLock(places.records);
  try {
    const store = openStudyStore(places.records, STUDY_NAMES, { writable: true });
    const progress = commandProgress();
    const summary = await runMissing(plan, store, { jobs, sftCache: SFT_CACHE, progress });
    const { planned, found, done, failed } = summary;
    say(`${planned} runs: ${found} found, ${done} done, ${failed} failed`);
    return failed;
  } finally {
    lock.release();
  }
}

/** Lists what would run, and how long it may take. */
function listRuns(
  plans: ReadonlyMap<Study, readonly PlannedRun[]>,
  store: StudyStore,
  jobs: number,
): void {
  const all = [...plans.values()].flat();
  const missing = missingRuns(all, store);
  for (const run of missing) {
    console.log(`${run.hash.slice(0, 12)}  ${run.study} ${run.condition} ${run.arm} ${run.seed}`);
  }
  for (const [study, plan] of plans) {
    const left = missingRuns(plan, store).length;
    console.log(`${study.id}: ${plan.length} cells, ${left} without a record`);
  }
  const known = all.flatMap(({ hash }) => store.records.get(hash) ?? []);
  const seconds = estimateSeconds(missing.map(({ spec }) => spec), known, jobs);
  console.log(
    `${missing.length} runs to do (shared ones once), about ${formatDuration(seconds)} with ` +
      `${jobs} processes`,
  );
}

/** Writes tables and figures and says what the records say about each claim. */
async function report(
  plans: ReadonlyMap<Study, readonly PlannedRun[]>,
  store: StudyStore,
  places: Places,
  preset: PresetName,
  publish: boolean,
): Promise<void> {
  for (const [study, plan] of plans) {
    const { tables, verdicts } = tablesOf(study, plan, store.records);
    writeTables(places.tables, tables);
    await writeFigures(places.figures, study.id, studyRows(plan, store.records));
    say(`\n${study.id}: ${study.title}`);
    const published = publish ? [] : publishedVerdicts(study, plan);
    say(headlines(verdicts, published, study.claims.length).join("\n"));
  }
  if (publish) {
    publishReadmes(store, join(places.tables, ".."));
  }
  if (preset === "smoke") say("\nsmoke shows that everything runs: its numbers mean nothing");
  say(`\ntables: ${relative(Deno.cwd(), places.tables)}`);
  say(`figures: ${relative(Deno.cwd(), places.figures)}`);
}

/** Both READMEs: of the full plan, whichever studies and cells this command named. */
function publishReadmes(store: StudyStore, results: string): void {
  const write = (path: string, text: string) =>
    writeDurably(path, [new TextEncoder().encode(text)]);
  const full = studies.map((study) => [study, planStudy(study, "full")] as const);
  const coverage = new Map(full.map(([study, plan]) => {
    const done = plan.filter(({ hash }) => store.records.has(hash)).length;
    return [study, { done, planned: plan.length }];
  }));
  const verdicts = new Map(full.map(([study, plan]) => [
    study,
    verdictsOf(study, plan, studyRows(plan, store.records)),
  ]));
  const readme = join(projectRoot, "README.md");
  write(join(results, "README.md"), resultsReadme(coverage));
  write(readme, withVerdicts(Deno.readTextFileSync(readme), verdicts));
}

/** The published verdicts on the claims whose settings this plan shares. */
function publishedVerdicts(study: Study, plan: readonly PlannedRun[]): readonly ClaimResult[] {
  const { records } = placesOf("full", true);
  const store = openStudyStore(records, [study.id], { writable: false });
  const published = planStudy(study, "full");
  const hashes = new Set(published.map(({ hash }) => hash));
  if (!plan.some(({ hash }) => hashes.has(hash))) return [];
  return verdictsOf(study, published, studyRows(published, store.records));
}

async function makeNotebooks(
  chosen: readonly Study[],
  places: Places,
  preset: PresetName,
  seeds: number | undefined,
): Promise<void> {
  const notebooks = notebooksOf(chosen.map((study) => study.id));
  if (notebooks.length === 0) return;
  const records = relative(join(projectRoot, "notebooks"), places.records);
  const parameters = { preset, records, ...(seeds === undefined ? {} : { seeds }) };
  const page = await executeAndExport(notebooks, places.out, parameters);
  say(`notebooks: open ${relative(Deno.cwd(), page)}`);
}

/** Results go to stdout, where JSON lines of progress may go too; people read both. */
function say(text: string): void {
  console.log(text);
}

if (import.meta.main) {
  await runCommand(main, { interrupted: "finished runs are kept; the same command goes on" });
}
