import { basename, join } from "node:path";
import { asConversation } from "../../../lib/data/as_conversation.ts";
import type { PreferencePair, TokenizedPair } from "../../../lib/data/preference.ts";
import { writePreferences } from "../../../lib/data/write_jsonl.ts";
import type { EngineInfo } from "../../../lib/engine/tensorflow.ts";
import { failureWarnings } from "../../../lib/metrics/failure_signatures.ts";
import type { ModelFiles } from "../../../lib/policy/io/model_files.ts";
import { saveLoraAdapter } from "../../../lib/policy/io/peft.ts";
import { saveModelFolder } from "../../../lib/policy/io/save.ts";
import type { LanguageModel } from "../../../lib/policy/language_model.ts";
import { adapterFile } from "../../../lib/policy/load_policy.ts";
import { exportParameters } from "../../../lib/policy/parameters.ts";
import type { JsonObject } from "../../../lib/files/canonical_json.ts";
import { fingerprintFile, fingerprintJson } from "../../../lib/files/fingerprint.ts";
import { readMachine } from "../../../lib/storage/machine.ts";
import type { IterationMetrics } from "../../../lib/report/metrics.ts";
import { readProvenance } from "../../../lib/storage/provenance.ts";
import { type DataSummary, RECORD_FORMAT, type RunRecord } from "../../../lib/report/record.ts";
import { renderReport } from "../../../lib/report/report.ts";
import type { RunDirectory } from "../../../lib/storage/run_directory.ts";
import type { RunStore } from "../../../lib/storage/run_store.ts";
import type { GeneratedExample } from "../../../lib/report/selection_summary.ts";
import type { SeraIteration } from "../../../lib/sera/run_sera.ts";
import type { ResponseMetrics } from "./evaluate.ts";
import type { AlignOptions } from "./options.ts";

/** A finished run. */
export interface FinishedRun {
  readonly options: AlignOptions;
  readonly files: ModelFiles;
  readonly folder: RunDirectory;
  readonly store: RunStore;
  readonly policy: LanguageModel;
  readonly pairs: readonly TokenizedPair[];
  /** The pairs as they were read, by id. */
  readonly source: readonly PreferencePair[];
  readonly iterations: readonly SeraIteration[];
  /** The SFT model's responses, measured like the policies'. */
  readonly sft: Omit<ResponseMetrics, "rewardLengthCorrelation">;
  readonly spec: JsonObject;
  readonly engine: EngineInfo;
  readonly startedAt: string;
  readonly data: DataSummary;
}

/** Examples of generated pairs in the report. */
const EXAMPLES = 6;

/** Fewest held-out pairs whose accuracy can show a decline. */
const DECLINE_PAIRS = 100;

/** Writes the adapter or model, the selections, the generated pairs, record.json and report.html. */
export async function writeOutputs(run: FinishedRun): Promise<void> {
  const { options, folder, iterations } = run;
  const weights = await writeWeights(run);
  writeSelections(run);
  const generated = readGenerated(run);
  writePreferences(folder.path("generated.jsonl"), generated.map((g) => g.pair), (_, i) => ({
    iteration: generated[i]?.iteration,
    chosen_reward: generated[i]?.chosenReward,
    rejected_reward: generated[i]?.rejectedReward,
  }));
  const record = await makeRecord(run, weights);
  folder.writeJson("record.json", record);
  const report = await renderReport({
    title: `${options.method} (${options.loss}) of ${basename(options.model)} on ${
      basename(options.data)
    }`,
    record,
    selections: iterations.filter((it) => it.margins !== null).map((it) => {
      const kept = new Set(it.selected);
      return {
        iteration: it.iteration,
        margins: it.margins as readonly number[],
        kept: run.pairs.map((_, i) => kept.has(i)),
        ...(options.flipLabels > 0
          ? { flipped: run.pairs.map((pair) => pair.flipped === true) }
          : {}),
      };
    }),
    examples: generated.slice(-EXAMPLES).map((g): GeneratedExample => ({
      iteration: g.iteration,
      prompt: textOf(g.pair.prompt),
      chosen: textOf(g.pair.chosen),
      rejected: textOf(g.pair.rejected),
      chosenReward: g.chosenReward,
      rejectedReward: g.rejectedReward,
    })),
    usage: {
      model: options.model,
      result: join(options.out, options.full ? "model" : "adapter"),
      kind: options.full ? "weights" : "adapter",
    },
  });
  folder.writeText("report.html", report);
}

/** Saves the result; returns its weights file. */
async function writeWeights({ options, files, folder, policy }: FinishedRun): Promise<string> {
  if (!options.full) {
    const dir = folder.path("adapter");
    await Deno.mkdir(dir, { recursive: true });
    await saveLoraAdapter(dir, await adapterFile(policy, options.model));
    return join(dir, "adapter_model.safetensors");
  }
  const dir = folder.path("model");
  await Deno.mkdir(dir, { recursive: true });
  const tensors = await exportParameters(files.config, policy.base);
  await saveModelFolder(dir, files.config, tensors, files.sourceFiles);
  return join(dir, "model.safetensors");
}

/** One file an iteration: every given pair with its margin and whether it was kept. */
function writeSelections({ folder, iterations, pairs, options }: FinishedRun): void {
  for (const { iteration, margins, selected, relabelled } of iterations) {
    const kept = new Set(selected), swapped = new Set(relabelled);
    folder.writeJsonl(
      `selection/iteration-${iteration}.jsonl`,
      pairs.map((pair, i) => ({
        id: pair.id,
        margin: margins?.[i] ?? null,
        kept: kept.has(i),
        ...(options.flipLabels > 0 ? { flipped: pair.flipped === true } : {}),
        ...(relabelled.length > 0 ? { relabelled: swapped.has(i) } : {}),
      })),
    );
  }
}

/** A generated pair as text. */
interface GeneratedText {
  readonly iteration: number;
  readonly pair: PreferencePair;
  readonly chosenReward: number;
  readonly rejectedReward: number;
}

function readGenerated(
  { iterations, files, pairs, source, options }: FinishedRun,
): GeneratedText[] {
  const byIds = new Map(pairs.map((pair) => [pair.promptIds.join(), pair.id]));
  const byId = new Map(source.map((pair) => [pair.id, pair]));
  const text = (ids: Int32Array) => files.tokenizer.decode(ids, { skipSpecialTokens: true });
  return iterations.flatMap((it) =>
    it.generated.map((made) => {
      const given = byId.get(byIds.get(made.promptIds.join()) ?? "");
      const prompt = given?.prompt ?? text(made.promptIds);
      const answer = (ids: Int32Array) =>
        typeof prompt === "string" ? text(ids) : [{ role: "assistant", content: text(ids) }];
      const pair = {
        id: made.id,
        prompt,
        chosen: answer(made.chosenIds),
        rejected: answer(made.rejectedIds),
      };
      return {
        iteration: it.iteration,
        // TRL applies no template to plain text.
        pair: options.chatTemplate !== "never" && files.tokenizer.hasChatTemplate
          ? asConversation(pair)
          : pair,
        chosenReward: made.chosenReward,
        rejectedReward: made.rejectedReward,
      };
    })
  );
}

function textOf(text: PreferencePair["prompt"]): string {
  return typeof text === "string"
    ? text
    : text.map(({ role, content }) => `${role}: ${content}`).join("\n");
}

async function makeRecord(run: FinishedRun, weightsFile: string): Promise<RunRecord> {
  const { iterations, folder, store, sft, spec } = run;
  const steps = store.steps(iterations.length);
  const processes = folder.readJsonl("processes.jsonl") as { startedAt: string }[];
  const metrics = iterations.map(iterationMetrics);
  return {
    format: RECORD_FORMAT,
    command: "align",
    spec,
    specSha256: fingerprintJson(spec),
    provenance: await readProvenance(),
    backend: run.engine,
    data: run.data,
    steps: steps.map(({ seconds: _seconds, ...row }) => row),
    iterations: metrics,
    warnings: failureWarnings(
      iterations.map((it, i) => {
        const next = iterations[i + 1]?.margins ?? null;
        const m = metrics[i] as IterationMetrics;
        return {
          // With few pairs a fall of a tenth is chance.
          gold: run.data.heldOut < DECLINE_PAIRS ? NaN : m.heldOutAccuracy ?? NaN,
          distinct2: m.distinct2 ?? NaN,
          repetitionRate: m.repetitionRate ?? NaN,
          truncationRate: m.truncationRate ?? NaN,
          // The margins that the next iteration ranked by are those after this one's update.
          marginP90: next === null ? NaN : percentile(next, 0.9),
          trainLoss: it.trainLoss,
          heldOutLoss: m.heldOutLoss ?? NaN,
        };
      }),
      {
        distinct2: sft.distinct2 ?? NaN,
        truncationRate: sft.truncationRate ?? 0,
        score: "held-out accuracy",
      },
    ),
    resultSha256: fingerprintFile(weightsFile),
    machine: readMachine(),
    timings: {
      startedAt: processes[0]?.startedAt ?? run.startedAt,
      finishedAt: new Date().toISOString(),
      seconds: iterations.flatMap((it) => Object.values(it.seconds)).reduce((a, b) => a + b, 0),
      processes: processes.length,
      iterations: iterations.map((it) => ({ iteration: it.iteration, ...it.seconds })),
      steps: steps.map((step) => step.seconds),
    },
  };
}

function iterationMetrics(it: SeraIteration): IterationMetrics {
  const measured = it.evaluation as ResponseMetrics | null;
  return {
    iteration: it.iteration,
    offlinePairs: it.selected.length,
    onPolicyPairs: it.generated.length,
    trainLoss: it.trainLoss,
    heldOutLoss: it.heldOut?.loss ?? null,
    heldOutMargin: it.heldOut?.margin ?? null,
    heldOutAccuracy: it.heldOut?.accuracy ?? null,
    heldOutChosenLogp: it.heldOut?.chosenLogp ?? null,
    heldOutRejectedLogp: it.heldOut?.rejectedLogp ?? null,
    meanIrmSelected: it.audit?.meanMarginSelected ?? null,
    meanIrmUnselected: it.audit?.meanMarginUnselected ?? null,
    flippedFraction: it.audit?.flippedShareSelected ?? null,
    jaccard: it.audit?.jaccardPrevious ?? null,
    rewardLengthCorrelation: measured?.rewardLengthCorrelation ?? null,
    klPerResponse: measured?.klPerResponse ?? null,
    meanLength: measured?.meanLength ?? null,
    distinct2: measured?.distinct2 ?? null,
    repetitionRate: measured?.repetitionRate ?? null,
    truncationRate: measured?.truncationRate ?? null,
    goldReward: null,
    winRateVsSft: null,
    winRateVsPlain: null,
  };
}

/** Nearest-rank percentile. */
function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}
