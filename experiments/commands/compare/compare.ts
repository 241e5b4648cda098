import { join } from "node:path";
import { configFileText } from "../../../lib/cli/config_file.ts";
import { valuesInForce } from "../../../lib/cli/idle_options.ts";
import { print } from "../../../lib/cli/print.ts";
import { openPreferences } from "../../../lib/environments/preference_file/open_preferences.ts";
import type { PreferenceFileSetting } from "../../../lib/environments/preference_file/setting.ts";
import { UserError } from "../../../lib/errors.ts";
import { checkWritable } from "../../../lib/files/check_writable.ts";
import { writeDurably } from "../../../lib/files/durable_file.ts";
import { judgedMethods } from "../../../lib/judges/judged_methods.ts";
import { defaultSeraConfig } from "../../../lib/sera/config.ts";
import { methods } from "../../../lib/sera/methods.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import {
  comparisonTables,
  type Difference,
  differencesOf,
  noDifferences,
} from "../../../lib/report/differences.ts";
import { renderComparison } from "../../../lib/report/comparison.ts";
import { judgedLines, judgedTable } from "../../../lib/report/judged_methods.ts";
import { runStudy } from "../../../lib/runner/run_study.ts";
import type { OpenedStudy } from "../../../lib/study/open_study.ts";
import { openRecords } from "../../../lib/study/record_store.ts";
import { writeTables } from "../../../lib/study/table.ts";
import { tellData } from "../tell_data.ts";
import { warnShortResponses } from "../warn_short_responses.ts";
import { refuseUnknownFlips, settingOf } from "../align/configure.ts";
import { chooseComparedRows } from "./choose_rows.ts";
import { comparison, dearestMethod } from "./compare_study.ts";
import { openJudge } from "../judge_comparisons.ts";
import { judgeMethods } from "./judge_methods.ts";
import { idleOptions } from "./idle_options.ts";
import { type CompareOptions, compareOptions } from "./options.ts";
import { timeText } from "./time_text.ts";
import { workerEngine } from "./worker_engine.ts";

/**
 * Runs every method on every seed, in the runner of the studies, and writes report and tables.
 *
 * @returns the exit code: 1 where a run failed
 * @throws {UserError} naming file, option or tensor
 */
export async function compare(given: CompareOptions, progress: ProgressSink): Promise<number> {
  const { out, seeds, jobs, answerJudge } = given;
  const judge = answerJudge && await openJudge({
    ...given,
    judge: answerJudge,
    maxRows: given.maxRows ?? defaultSeraConfig.maxRows,
  });
  checkWritable(out);
  const opened = await openPreferences(settingOf(given), 0, progress);
  refuseUnknownFlips(given.rule, opened.pairs);
  const { files, file, tokenized } = opened;
  const chat = { template: files.tokenizer.hasChatTemplate, use: given.chatTemplate };
  tellData(progress, file, tokenized, chat);
  const [records, samples] = [join(out, "records"), join(out, "samples")];
  const tell = (message: string) => progress.message(`warning: ${message}`);
  const { bootstrap } = methods[dearestMethod(given.methods)];
  warnShortResponses({ ...given, bootstrap }, opened.pairs, given.maxNewTokens, tell);
  // Runs tell of damaged records themselves.
  const store = openRecords(records, { onDamaged: given.dryRun ? tell : () => {} });
  const rows = await chooseComparedRows(given, {
    ...{ opened, records: store.records, engine: workerEngine },
  });
  if (rows.note !== undefined) progress.message(rows.note);
  if (rows.warning !== undefined) tell(rows.warning);
  const options = { ...given, maxRows: rows.maxRows };
  const study = comparison(options, opened.setting);
  const estimate = await timeText(options, opened, store.records, progress);
  print(estimate);
  if (options.dryRun) return 0;
  const { dryRun: _dryRun, ...repeated } = valuesInForce(
    compareOptions,
    options,
    idleOptions(options),
  );
  write(join(out, "config.yaml"), configFileText(compareOptions, repeated));

  const { summary, ...found } = await runStudy(study, { records, samples, seeds, jobs, progress });
  const { done, failed } = summary;
  print(`${summary.planned} runs: ${summary.found} found, ${done} done, ${failed} failed`);
  if (found.rows.length === 0) {
    throw new UserError("no run came to its end: see the messages above");
  }
  const differences = differencesOf(found);
  const verdicts = judge && await judgeMethods(judge, found.plan, {
    ...{ finished: found.records, out, samples },
  }, progress);
  const judged = judge && verdicts &&
    { judge: judge.name, methods: judgedMethods(verdicts.methods), text: verdicts.judging.text };
  writeTables(join(out, "tables"), {
    ...comparisonTables(found, differences),
    ...(judged && { [`${study.id}_judged`]: judgedTable(judged.methods) }),
  });
  // Split by prompt, so that other seeds may hold out a few more or fewer.
  const heldOut = opened.heldOut.length;
  write(
    join(out, "report.html"),
    await renderComparison({ options: repeated, opened: found, differences, heldOut, judged }),
  );
  for (const line of terminalLines(found, differences, heldOut)) print(line);
  for (const line of judged === undefined ? [] : judgedLines(judged)) print(line);
  print(`done: ${join(out, "report.html")}`);
  return failed === 0 ? 0 : 1;
}

function write(path: string, text: string): void {
  writeDurably(path, [new TextEncoder().encode(text)]);
}

/** The answer in a few lines. */
function terminalLines(
  opened: OpenedStudy<PreferenceFileSetting>,
  differences: readonly Difference[],
  heldOut: number,
): string[] {
  const lines = differences.filter(({ metric }) => metric === "heldOutAccuracy").map((each) =>
    `  ${each.label}: ${each.text}; ${each.verdict}`
  );
  return lines.length === 0 ? [noDifferences(opened)] : [
    `held-out accuracy (n = about ${heldOut} pairs a seed), against ${opened.study.arms[0]?.id}:`,
    ...lines,
    "  (agreement with labels: answers may get better while it falls; --answer-judge compares those)",
  ];
}
