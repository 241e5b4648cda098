import { fingerprintJson } from "../../lib/files/fingerprint.ts";
import type { MetricValues } from "../../lib/metrics/metrics.ts";
import { RECORD_FORMAT, type RecordedStep, type RunRecord } from "../../lib/report/record.ts";

const config = {
  model: "SmolLM2-135M-Instruct.Q4_1.gguf",
  data: "pairs.jsonl",
  loss: { name: "dpo", beta: 0.1 },
  method: "sera",
  iterations: 3,
  keep: 0.7,
  gamma: 0.3,
  rank: 16,
  seed: 0,
};

/** A made-up record with every part filled in, for tests of what reads records. */
export function sampleRecord(stepsEach = 12): RunRecord {
  const steps: RecordedStep[] = [];
  const iterations: MetricValues[] = [];
  for (let iteration = 1; iteration <= 3; iteration++) {
    for (let step = 1; step <= stepsEach; step++) {
      const t = (iteration - 1) * stepsEach + step;
      const wave = Math.sin(t * 1.7);
      steps.push({
        iteration,
        step,
        loss: 0.69 * Math.exp(-t / 40) + 0.02 * wave,
        margin: t / 60 + 0.05 * wave,
        accuracy: Math.min(1, 0.5 + t / 80),
        chosenLogp: -80 - t / 10 + wave,
        rejectedLogp: -82 - t / 3 - wave,
        learningRate: 5e-5 * (1 - (step - 1) / stepsEach),
        gradientNorm: 2 + Math.cos(t),
      });
    }
    const later = iteration > 1;
    iterations.push({
      length: 40 + 3 * iteration,
      kl: 0.9 * iteration,
      distinct2: 0.8 - 0.03 * iteration,
      repetitionRate: 0.05,
      truncationRate: 0.1,
      trainLoss: 0.65 - 0.1 * iteration,
      heldOutLoss: 0.68 - 0.05 * iteration,
      heldOutMargin: 0.08 * iteration,
      heldOutAccuracy: 0.5 + 0.06 * iteration,
      heldOutChosenLogp: -85 - iteration,
      heldOutRejectedLogp: -88 - 3 * iteration,
      rewardLengthCorrelation: later ? 0.12 * iteration : null,
      offlinePairs: later ? 36 : 51,
      flippedSelected: null,
      marginSelected: later ? 0.21 * iteration : null,
      marginUnselected: later ? -0.05 * iteration : null,
      jaccard: iteration === 3 ? 0.81 : null,
      onPolicyPairs: later ? 30 : 0,
    });
  }
  return {
    format: RECORD_FORMAT,
    command: "align",
    config,
    configSha256: fingerprintJson(config),
    provenance: {
      commit: "0123456789abcdef0123456789abcdef01234567",
      dirty: false,
      versions: { suite: "0.1.0", deno: "2.9.6", v8: "15.0", tfjs: "4.22.0" },
    },
    backend: {
      backend: "tensorflow",
      package: "@tensorflow/tfjs-node",
      tensorflowVersion: "2.21.0",
      reason: "the native binding is built",
      device: "cpu",
      threads: 2,
      oneDnn: true,
      nativeOps: true,
    },
    data: {
      read: 66,
      train: 51,
      heldOut: 13,
      skippedFor: { "chosen = rejected": 1, "an empty answer": 1 },
      dropped: 0,
      truncated: 1,
      meanChosenTokens: 38.2,
      meanRejectedTokens: 36.9,
      sha256: "c".repeat(64),
    },
    steps,
    sft: { length: 39, kl: 0, distinct2: 0.82, repetitionRate: 0.04, truncationRate: 0.1 },
    iterations,
    warnings: [{
      signature: "train-held-out-gap",
      iteration: 3,
      detail: "held-out loss 0.530, training 0.350 (limit 0.15)",
    }],
    bootstrapping: [],
    resultSha256: "e".repeat(64),
    machine: {
      os: "linux",
      arch: "x86_64",
      cpu: "a <fast> CPU",
      cpuKind: null,
      cores: 2,
      memoryBytes: 8 * 2 ** 30,
      peakRssBytes: 2.5 * 2 ** 30,
    },
    timings: {
      startedAt: "2026-01-01T00:00:00.000Z",
      finishedAt: "2026-01-01T00:12:00.000Z",
      seconds: 700,
      processes: 1,
      iterations: [1, 2, 3].map((iteration) => ({
        scoring: 20,
        generation: iteration > 1 ? 90 : 0,
        update: 110,
        evaluation: 15,
      })),
      steps: steps.map((_, i) => 7 + (i % 3) / 10),
    },
  };
}
