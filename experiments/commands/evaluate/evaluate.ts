import { configFileText } from "../../../lib/cli/config_file.ts";
import { UsageError } from "../../../lib/cli/usage_error.ts";
import { writeJsonl } from "../../../lib/data/write_jsonl.ts";
import { UserError } from "../../../lib/errors.ts";
import type { JsonObject } from "../../../lib/files/canonical_json.ts";
import type { Comparison } from "../../../lib/judges/comparison.ts";
import { type JudgedSummary, judgedSummary } from "../../../lib/judges/judged_summary.ts";
import { readAnswers } from "../../../lib/judges/read_answers.ts";
import { type EvaluationSet, readEvaluationSet } from "../../../lib/judges/read_evaluation_set.ts";
import { readGamed } from "../../../lib/judges/read_gamed.ts";
import { loadPolicy } from "../../../lib/policy/load_policy.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import { readProvenance } from "../../../lib/storage/provenance.ts";
import { openRunDirectory, type RunDirectory } from "../../../lib/storage/run_directory.ts";
import { openJudge } from "../judge_comparisons.ts";
import { generateAnswers } from "./generate_answers.ts";
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
  const gamed = options.gamed === undefined ? undefined : await readGamed(options.gamed);
  checkReferences(set, theirs, options.prompts);
  const judge = await openJudge(options);
  using run = openRunDirectory(options.out, {
    ...{ command: "evaluate", judge: judge.identity, seed: options.seed },
    ...{ answers: sideConfig(ours, options), baseline: sideConfig(theirs, options) },
  });
  const { config: _config, dryRun: _dryRun, ...repeated } = options;
  run.writeText("config.yaml", configFileText(evaluateOptions, repeated));

  const answers = await answersOf(ours, set, run, options, progress);
  const baselines = await answersOf(theirs, set, run, options, progress);
  const comparisons = set.prompts.map((prompt, i): Comparison => ({
    ...{ id: prompt.id, index: prompt.index, group: prompt.group },
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

/** What decides a side's answers, where they are made here. */
function sideConfig({ model, adapter }: Side, options: EvaluateOptions): JsonObject | null {
  if (model === undefined) return null;
  const { maxNewTokens, temperature, batch, chatTemplate } = options;
  return {
    ...{ model, adapter: adapter ?? null, maxNewTokens, temperature, batch, chatTemplate },
  };
}

async function answersOf(
  { file, answers, model, adapter }: Side,
  { prompts }: EvaluationSet,
  run: RunDirectory,
  options: EvaluateOptions,
  progress: ProgressSink,
): Promise<string[]> {
  if (answers !== undefined) return await readAnswers(answers, prompts);
  if (model === undefined) return prompts.map(({ reference }) => reference as string);
  const path = run.path(file);
  const load = () => loadPolicy(model, adapter);
  const generator = adapter === undefined ? model : `${model} with ${adapter}`;
  await generateAnswers(path, prompts, load, options, generator, progress);
  return await readAnswers(path, prompts);
}

/** "win rate 53.2 % ± 1.8 (standard error) over 805 comparisons", and so on. */
function summaryLines(summary: JudgedSummary): string[] {
  const percent = (value: number | null) => value === null ? "–" : `${(100 * value).toFixed(1)} %`;
  const error = (value: number | null) =>
    value === null || Number.isNaN(value) ? "" : ` ± ${(100 * value).toFixed(1)}`;
  const { lengthControlled: control } = summary;
  return [
    `  win rate ${percent(summary.winRate)}${error(summary.standardError)} (standard error), ` +
    `${summary.comparisons} comparisons, ${summary.unjudged} without a verdict`,
    control === null
      ? "  length-controlled win rate: needs ten comparisons"
      : `  length-controlled win rate ${percent(control.winRate)}${error(control.standardError)} ` +
        `(${control.regression})`,
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
