import { engine } from "../../lib/engine/tensorflow.ts";
import { rewardOf } from "../../lib/losses/loss_spec.ts";
import type { JsonObject } from "../../lib/results/canonical_json.ts";
import { readMachine } from "../../lib/results/machine.ts";
import { readProvenance } from "../../lib/results/provenance.ts";
import type { MetricValues } from "../../lib/results/study_metrics.ts";
import type { StudyRecord } from "../../lib/results/study_record.ts";
import { studyWarnings } from "../../lib/results/study_warnings.ts";
import { runSera } from "../../lib/training/sera.ts";
import { type EvaluatedSamples, evaluateSamples } from "./evaluate_policy.ts";
import { timeMetrics, trainingMetrics } from "./iteration_metrics.ts";
import { heldOutPreferences, offlinePreferences, sampleResponses } from "./preferences.ts";
import { hashSpec, type RunSpec } from "./run_config.ts";
import { bootstrapPrompts, seraConfigOf, STOP_TOKEN_IDS } from "./sera_input.ts";
import { sftAssets } from "./sft_assets.ts";
import { SFT_CACHE } from "./sft_cache.ts";

/**
 * One run, from its spec alone: SFT model, preferences, alignment, evaluation after every iteration.
 * Needs a loaded engine. The record repeats bit for bit on one machine and thread, but for
 * `volatile`.
 */
export async function runSpec(spec: RunSpec, sftCache = SFT_CACHE): Promise<StudyRecord> {
  const { seed, world, evaluation } = spec;
  const { sft, split, heldOutSamples, offlineSamples } = await sftAssets(spec, sftCache);
  const started = performance.now();
  const shared = {
    prompts: split.heldOut,
    clauses: world.clauses,
    sft,
    reward: rewardOf(spec.method.loss),
  };
  const sftSamples = await evaluateSamples(heldOutSamples, { ...shared, policy: sft });
  const preferences = offlinePreferences(spec, offlineSamples, split);
  const policy = sft.clone();
  const config = seraConfigOf(spec);
  let last: EvaluatedSamples = sftSamples;
  const iterations = await runSera({
    policy,
    reference: sft,
    pairs: preferences.pairs,
    heldOut: heldOutPreferences(heldOutSamples, split, world.clauses),
    prompts: bootstrapPrompts(config, split),
    stopTokenIds: STOP_TOKEN_IDS,
    config,
    seed,
    evaluate: async (state) => {
      const responses = await sampleResponses(
        state.policy,
        split.heldOut,
        evaluation.samplesPerPrompt,
        spec,
        "evaluation",
        state.iteration,
      );
      last = await evaluateSamples(responses, { ...shared, policy: state.policy, sftSamples });
      return last.metrics;
    },
  });
  policy.dispose();

  const metrics = iterations.map((iteration): MetricValues => ({
    ...(iteration.evaluation as MetricValues),
    ...trainingMetrics(iteration, preferences, world.clauses),
  }));
  let trained = 0;
  const times = iterations.map((iteration) => {
    const { scoring, generation, update } = iteration.seconds;
    trained += scoring + generation + update;
    return timeMetrics(iteration, trained);
  });
  return {
    hash: hashSpec(spec),
    spec: spec as unknown as JsonObject,
    sft: sftSamples.metrics,
    iterations: metrics,
    samples: {
      gold: last.rewards.map((values) => values.map((value) => Number(value.toFixed(4)))),
      lengths: last.lengths,
    },
    warnings: studyWarnings({ iterations: metrics, sft: sftSamples.metrics }),
    volatile: {
      iterations: times,
      seconds: (performance.now() - started) / 1000,
      environment: await environment(),
    },
  };
}

let known: JsonObject | undefined;

async function environment(): Promise<JsonObject> {
  if (known === undefined) {
    const { commit, dirty, versions } = await readProvenance();
    const { cpu, cores, os, arch } = readMachine();
    const { backend, tensorflowVersion, threads, nativeOps } = engine().info;
    const engineInfo = { backend, tensorflowVersion, threads, nativeOps };
    known = { commit, dirty, versions: { ...versions }, cpu, cores, os, arch, engine: engineInfo };
  }
  return known;
}
