import { engine } from "../engine/tensorflow.ts";
import type { Environment, EnvironmentContext } from "../environments/environment.ts";
import type { JsonObject } from "../files/canonical_json.ts";
import { timeMetrics } from "../metrics/time_metrics.ts";
import { runSera } from "../sera/run_sera.ts";
import { readMachine } from "../storage/machine.ts";
import { readProvenance } from "../storage/provenance.ts";
import { storeWithFirstIteration } from "./first_iteration.ts";
import type { StudyRecord } from "./record.ts";
import { hashConfig, type RunConfig } from "./run_config.ts";
import { recordWarnings } from "./warnings.ts";

/**
 * One run, from its config alone: environment, alignment, measurement after every iteration. Needs a
 * loaded engine. The record repeats bit for bit on one machine and thread, but for `volatile`.
 */
export async function runOne(
  environment: Environment,
  config: RunConfig,
  context: EnvironmentContext,
): Promise<StudyRecord> {
  const { setting, seed, sera } = config;
  const { dispose, text: _text, ...input } = await environment.prepare(setting, seed, context);
  const started = performance.now();
  try {
    const { sft, iterations, samples } = await runSera({
      ...input,
      config: sera,
      seed,
      store: storeWithFirstIteration(config),
      ...(context.progress && { progress: context.progress }),
    });
    const measured = iterations.map((iteration) => iteration.metrics);
    const found = { iterations: measured, sft, samples: { lengths: samples.lengths } };
    return {
      hash: hashConfig(config),
      config,
      sft,
      iterations: measured,
      samples: {
        lengths: samples.lengths,
        ...(samples.rewards === undefined ? {} : {
          gold: samples.rewards.map((values) => values.map((value) => Number(value.toFixed(4)))),
        }),
      },
      warnings: recordWarnings(found),
      volatile: {
        iterations: timeMetrics(iterations.map(({ seconds }) => seconds)),
        seconds: (performance.now() - started) / 1000,
        environment: await surroundings(),
      },
    };
  } finally {
    dispose();
  }
}

let known: JsonObject | undefined;

/** Commit, versions, machine and backend. */
async function surroundings(): Promise<JsonObject> {
  if (known === undefined) {
    const { commit, dirty, versions } = await readProvenance();
    const { cpu, cpuKind, cores, os, arch } = readMachine();
    const { backend, tensorflowVersion, threads, nativeOps } = engine().info;
    const engineInfo = { backend, tensorflowVersion, threads, nativeOps };
    known = {
      commit,
      dirty,
      versions: { ...versions },
      cpu,
      cpuKind,
      cores,
      os,
      arch,
      engine: engineInfo,
    };
  }
  return known;
}
