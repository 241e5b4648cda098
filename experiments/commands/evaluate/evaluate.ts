import { downloadProgress } from "../../../lib/environments/preference_file/download_progress.ts";
import { configFileText } from "../../../lib/cli/config_file.ts";
import { valuesInForce } from "../../../lib/cli/idle_options.ts";
import { UsageError } from "../../../lib/cli/usage_error.ts";
import { writeJsonl } from "../../../lib/data/write_jsonl.ts";
import { UserError } from "../../../lib/errors.ts";
import type { JsonObject } from "../../../lib/files/canonical_json.ts";
import type { Comparison } from "../../../lib/judges/comparison.ts";
import { type JudgedSummary, judgedSummary } from "../../../lib/judges/judged_summary.ts";
import { readAnswers } from "../../../lib/judges/read_answers.ts";
import { type EvaluationSet, readEvaluationSet } from "../../../lib/judges/read_evaluation_set.ts";
import { readGamed } from "../../../lib/judges/read_gamed.ts";
import { openModel } from "../../../lib/policy/io/load.ts";
import { modelFingerprint } from "../../../lib/policy/io/model_files.ts";
import { adapterFingerprint } from "../../../lib/policy/io/peft.ts";
import { loadPolicy } from "../../../lib/policy/load_policy.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import { readProvenance } from "../../../lib/storage/provenance.ts";
import { openRunDirectory, type RunDirectory } from "../../../lib/storage/run_directory.ts";
import { openJudge } from "../judge_comparisons.ts";
import { generateAnswers } from "./generate_answers.ts";
import { idleOptions } from "./idle_options.ts";
import { type EvaluateOptions, evaluateOptions } from "./options.ts";

/** Where the answers of a side come from. */
interface Side {
  /** Name of the file in the results where a model answers. */
  readonly file: string;
  readonly answers: string | undefined;
  readonly model: string | undefined;
  readonly adapter: string | undefined;
}

/**
 * Judges answers to an evaluation set and writes `summary.json` and `judgements.jsonl`.
 *
 * @returns the lines that say what came out
 * @throws {UserError} naming file, option or server; answers and replies so far are kept
 */
export async function evaluate(
  options: EvaluateOptions,
  progress: ProgressSink,
): Promise<string[]> {
  const ours: Side = { file: "answers.jsonl", ...options };
  const theirs: Side = {
    ...{ file: "baseline.jsonl", answers: options.baseline },
    ...{ model: options.baselineModel, adapter: options.baselineAdapter },
  };
  checkSides(ours, theirs);
  const set = await readEvaluationSet(options.prompts, options.limit);
  const gamed = options.gamed === undefined ? undefined : await readGamed(options.gamed, set);
  checkReferences(set, theirs, options.prompts);
  const given = [await givenAnswers(ours, set), await givenAnswers(theirs, set)];
  const judge = await openJudge(options);
  using run = openRunDirectory(options.out, {
    ...{ command: "evaluate", judge: judge.identity, seed: options.seed },
    answers: await sideConfig(ours, options),
    baseline: await sideConfig(theirs, options),
  }, { growing: ["judge.maxTokens"] });
  const { dryRun: _dryRun, ...repeated } = valuesInForce(
    evaluateOptions,
    options,
    idleOptions(options),
  );
  run.writeText("config.yaml", configFileText(evaluateOptions, repeated));

  const answers = given[0] ?? await answersOf(ours, set, run, options, progress);
  const baselines = given[1] ?? await answersOf(theirs, set, run, options, progress);
  const comparisons = set.prompts.map((prompt, i): Comparison => ({
    ...{ id: prompt.id, index: prompt.number, group: prompt.group },
    ...{ instruction: prompt.instruction, answer: answers[i] as string },
    baseline: baselines[i] as string,
  }));
  const journal = run.path("replies.jsonl");
  if (options.dryRun) return [judge.estimate(comparisons, journal)];

  const { judged, facts, text } = await judge.judge(comparisons, journal, progress);
  writeJsonl(run.path("judgements.jsonl"), judged);
  const summary = judgedSummary(judged, gamed);
  const groups = Object.fromEntries(
    [...Map.groupBy(judged, ({ group }) => group ?? "")].map(([group, members]) =>
      [group, judgedSummary(members, gamed)] as const
    ),
  );
  const { versions, commit } = await readProvenance();
  run.writeJson("summary.json", {
    ...{ set: set.schema, instructions: set.prompts.length, judge: judge.identity },
    ...{ summary: plain(summary), groups: plain(groups), judging: facts },
    ...{ versions: { ...versions }, commit },
  });
  return [
    `${judge.name} on ${set.prompts.length} instructions (${set.schema}):`,
    ...summaryLines(summary),
    text,
    `done: ${run.path("summary.json")}`,
  ];
}

function checkSides(ours: Side, theirs: Side): void {
  if ((ours.answers === undefined) === (ours.model === undefined)) {
    throw new UsageError("give the answers to judge: --answers or --model, one of them");
  }
  if (theirs.answers !== undefined && theirs.model !== undefined) {
    throw new UsageError("give one of --baseline and --baseline-model");
  }
  for (const [side, flag] of [[ours, "--adapter"], [theirs, "--baseline-adapter"]] as const) {
    if (side.adapter === undefined || side.model !== undefined) continue;
    throw new UsageError(`${flag} needs its model: ${flag.replace("adapter", "model")}`);
  }
}

/** The set must have reference answers where no others are given. */
function checkReferences({ prompts, schema }: EvaluationSet, theirs: Side, path: string): void {
  if (theirs.answers !== undefined || theirs.model !== undefined) return;
  const without = prompts.find(({ reference }) => reference === null);
  if (without === undefined) return;
  throw new UserError(
    `${path} (${schema}) has no reference answer to instruction ${without.id}: give --baseline or ` +
      "--baseline-model",
  );
}

/** What decides a side's answers, where they are made here: a model trained anew is another one. */
async function sideConfig(
  { model, adapter }: Side,
  { maxNewTokens, temperature, batch, chatTemplate }: EvaluateOptions,
): Promise<JsonObject | null> {
  if (model === undefined) return null;
  return {
    ...{ model, modelSha256: modelFingerprint(await openModel(model)), adapter: adapter ?? null },
    adapterSha256: adapter === undefined ? null : adapterFingerprint(adapter),
    ...{ maxNewTokens, temperature, batch, chatTemplate },
  };
}

/** The answers that a side has, before any is generated; undefined where a model is to give them. */
async function givenAnswers(
  { answers, model }: Side,
  set: EvaluationSet,
): Promise<string[] | undefined> {
  if (answers !== undefined) return await readAnswers(answers, set);
  return model === undefined ? set.prompts.map(({ reference }) => reference as string) : undefined;
}

async function answersOf(
  { file, model, adapter }: Side,
  set: EvaluationSet,
  run: RunDirectory,
  options: EvaluateOptions,
  progress: ProgressSink,
): Promise<string[]> {
  const path = run.path(file);
  const load = () =>
    loadPolicy(model as string, adapter, { onDownload: downloadProgress(progress) });
  const generator = adapter === undefined ? model as string : `${model} with ${adapter}`;
  await generateAnswers(path, set.prompts, load, options, generator, progress);
  return await readAnswers(path, set);
}

/** "win rate 53.2 % ± 1.8 (standard error) over 805 comparisons", and so on. */
function summaryLines(summary: JudgedSummary): string[] {
  const percent = (value: number | null) => value === null ? "–" : `${(100 * value).toFixed(1)} %`;
  const error = (value: number | null) => value === null ? "" : ` ± ${(100 * value).toFixed(1)}`;
  const { lengthControlled: control } = summary;
  return [
    `  win rate ${percent(summary.winRate)}${error(summary.standardError)} (standard error), ` +
    `${summary.comparisons} comparisons, ${summary.unjudged} without a verdict`,
    control === null
      ? "  length-controlled win rate: needs ten comparisons"
      : `  length-controlled win rate ${percent(control.winRate)}${error(control.standardError)} ` +
        `(${control.regression}` +
        (control.standardError === null
          ? "; no standard error, as without --gamed all predictions are equal)"
          : ")"),
    `  both orders agree in ${percent(summary.agreement)}, ties ${
      percent(summary.ties)
    }, the first ` +
    `shown is preferred in ${percent(summary.firstPreferred)}`,
    `  characters ${summary.length?.toFixed(0) ?? "–"}, the baseline's ` +
    `${summary.baselineLength?.toFixed(0) ?? "–"}`,
  ];
}

/** A value as JSON keeps it: NaN becomes null. */
function plain(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value));
}
