import { basename } from "node:path";
import { flipsKnown } from "../../../lib/data/label_noise.ts";
import type { DataSummary as TextSummary } from "../../../lib/data/summary.ts";
import type { EngineInfo } from "../../../lib/engine/tensorflow.ts";
import { evaluatedPairs } from "../../../lib/environments/preference_file/load_preferences.ts";
import type { OpenedPreferences } from "../../../lib/environments/preference_file/open_preferences.ts";
import type { JsonObject } from "../../../lib/files/canonical_json.ts";
import { fingerprintJson, fingerprintSequences } from "../../../lib/files/fingerprint.ts";
import { failureWarnings } from "../../../lib/metrics/failure_signatures.ts";
import {
  type DataSummary,
  RECORD_FORMAT,
  type RecordedYield,
  type RunRecord,
} from "../../../lib/report/record.ts";
import { renderReport } from "../../../lib/report/report.ts";
import { wantedPairs, yieldWarning } from "../../../lib/sera/bootstrap_yield.ts";
import type { SeraConfig } from "../../../lib/sera/config.ts";
import type { StepRow } from "../../../lib/sera/store.ts";
import type { SeraRun } from "../../../lib/sera/types.ts";
import { readMachine } from "../../../lib/storage/machine.ts";
import { readProvenance } from "../../../lib/storage/provenance.ts";
import type { RunDirectory } from "../../../lib/storage/run_directory.ts";
import { metricsTable, scalarsOf } from "../../../lib/report/run_tables.ts";
import { eventFile } from "../../../lib/report/tensorboard.ts";
import { tableCsv } from "../../../lib/study/table.ts";
import { originText } from "../../../lib/report/suspects.ts";
import { alignCard } from "./card.ts";
import { exampleOf, generatedTexts, writeGenerated } from "./generated_texts.ts";
import type { AlignOptions } from "./options.ts";
import type { RunResult } from "./result.ts";
import { suspectsOf } from "./suspects.ts";

/** A finished run. */
export interface FinishedRun {
  readonly options: AlignOptions;
  readonly opened: OpenedPreferences;
  readonly summary: TextSummary;
  readonly folder: RunDirectory;
  readonly run: Pick<SeraRun, "sft" | "iterations">;
  readonly steps: readonly StepRow[];
  readonly result: RunResult;
  readonly config: JsonObject;
  readonly sera: SeraConfig;
  /** null: the model is elsewhere. */
  readonly info: EngineInfo | null;
  readonly startedAt: string;
  readonly warn: (message: string) => void;
}

/** Examples of generated pairs in the report. */
const EXAMPLES = 6;

/** Fewest held-out pairs whose accuracy can show a decline: with fewer a fall of a tenth is chance. */
const DECLINE_PAIRS = 100;

/**
 * Writes selections, suspects, generated pairs, record.json and report.html.
 *
 * @returns what the run found, for the terminal
 */
export async function writeOutputs(finished: FinishedRun): Promise<string> {
  const { options, opened, folder, run, warn } = finished;
  writeSelections(finished);
  const generated = generatedTexts(run.iterations, opened, options.chatTemplate);
  writeGenerated(folder.path("generated.jsonl"), generated);
  const record = await makeRecord(finished);
  folder.writeJson("record.json", record);
  // A trainer's own checkpoint is not ours to write into.
  if (finished.info !== null) {
    const place = finished.result.kind === "adapter" ? "adapter" : "model";
    folder.writeText(`${place}/README.md`, alignCard(finished, record));
  }
  folder.writeText("metrics.csv", tableCsv(metricsTable(record)));
  // One file, written anew: where a longer run goes on, no old curve stays beside the new one.
  const logged = Date.parse(record.timings.startedAt) / 1000;
  folder.writeBytes("tensorboard/events.out.tfevents.sera", eventFile(scalarsOf(record), logged));
  const selections = run.iterations.flatMap(({ iteration, margins, selected }) => {
    const kept = new Set(selected);
    return margins === null
      ? []
      : [{ iteration, margins, kept: opened.pairs.map((_, i) => kept.has(i)), ...flips(opened) }];
  });
  const suspects = await suspectsOf(opened, selections, warn);
  folder.writeJsonl("suspects.jsonl", suspects);
  const { model, data, crossFit = null } = options;
  const report = await renderReport({
    title: `${options.method} (${options.loss}) of ${basename(model)} on ${basename(data)}`,
    record,
    ...{ selections, suspects, crossFit },
    examples: generated.slice(-EXAMPLES).map(exampleOf),
    usage: { model, result: finished.result.path, kind: finished.result.kind },
  });
  folder.writeText("report.html", report);
  return [
    accuracyLine(record),
    ...(suspects.length === 0 ? [] : [
      `labels in doubt: ${suspects.filter(({ margin }) => margin < 0).length} of ` +
      `${suspects.length} have a negative margin ` +
      `(${originText({ crossFit, iterations: record.iterations })}); ` +
      `lowest first in ${folder.path("suspects.jsonl")}` +
      (crossFit === null && finished.info !== null
        ? "; --cross-fit 5 judges each by a policy that never saw it"
        : ""),
    ]),
  ].join("\n");
}

function accuracyLine({ iterations, data }: RunRecord): string {
  const values = iterations.map((each) => each.heldOutAccuracy?.toFixed(3) ?? "not measured");
  return `held-out accuracy by iteration: ${values.join(", ")} (n = ${data.heldOut} pairs)`;
}

/** Which labels are flipped, where that is known. */
function flips({ pairs }: OpenedPreferences): { flipped?: boolean[] } {
  return flipsKnown(pairs) ? { flipped: pairs.map((pair) => pair.flipped === true) } : {};
}

/** One file per iteration: every given pair with its margin and whether it was kept. */
function writeSelections({ folder, run, opened }: FinishedRun): void {
  const { flipped } = flips(opened);
  for (const { iteration, margins, selected, swapped } of run.iterations) {
    const kept = new Set(selected), relabelled = new Set(swapped);
    folder.writeJsonl(
      `selection/iteration-${iteration}.jsonl`,
      opened.pairs.map(({ id }, i) => ({
        id,
        margin: margins?.[i] ?? null,
        kept: kept.has(i),
        flipped: flipped?.[i],
        relabelled: swapped.length > 0 ? relabelled.has(i) : undefined,
      })),
    );
  }
}

async function makeRecord(finished: FinishedRun): Promise<RunRecord> {
  const { run, folder, steps, config, info, opened } = finished;
  const processes = folder.readJsonl("processes.jsonl") as { startedAt: string }[];
  const iterations = run.iterations.map(({ metrics }) => metrics);
  const phases = run.iterations.map(({ seconds }) => seconds);
  const samples = evaluatedPairs(opened, finished.options.seed).length *
    opened.setting.samplesPerPrompt;
  const score = opened.heldOut.length < DECLINE_PAIRS ? null : "heldOutAccuracy";
  return {
    format: RECORD_FORMAT,
    command: "align",
    config,
    configSha256: fingerprintJson(config),
    provenance: await readProvenance(),
    backend: info,
    data: dataSummary(finished),
    steps: steps.map(({ seconds: _seconds, ...row }) => row),
    sft: run.sft,
    iterations,
    warnings: failureWarnings(iterations, run.sft, score, samples),
    bootstrapping: yieldsOf(finished),
    resultSha256: finished.result.sha256,
    machine: readMachine(),
    timings: {
      startedAt: processes[0]?.startedAt ?? finished.startedAt,
      finishedAt: new Date().toISOString(),
      seconds: phases.flatMap((each) => Object.values(each)).reduce((a, b) => a + b, 0),
      processes: processes.length,
      iterations: phases,
      steps: steps.map((step) => step.seconds),
    },
  };
}

function yieldsOf({ run, sera: { bootstrap } }: FinishedRun): RecordedYield[] {
  if (bootstrap === null) return [];
  const wanted = wantedPairs(bootstrap, run.iterations[0]?.selected.length ?? 0);
  return run.iterations.flatMap(({ iteration, generated, dropped }) => {
    if (dropped === null) return [];
    const own = { iteration, pairs: generated.length, wanted, dropped };
    return [{ ...own, warning: yieldWarning(own, bootstrap) }];
  });
}

function dataSummary(
  { opened: { file, tokenized, pairs, heldOut }, summary }: FinishedRun,
): DataSummary {
  const { prompt, chosen, rejected } = tokenized.truncated;
  return {
    read: file.pairs.length + file.skipped.length,
    train: pairs.length,
    heldOut: heldOut.length,
    skippedFor: summary.skippedFor,
    dropped: summary.dropped,
    truncated: prompt + chosen + rejected,
    meanChosenTokens: summary.chosenTokens.mean,
    meanRejectedTokens: summary.rejectedTokens.mean,
    sha256: fingerprintSequences(
      pairs.flatMap((p) => [p.promptIds, p.chosenIds, p.rejectedIds]) as Int32Array<ArrayBuffer>[],
    ),
  };
}
