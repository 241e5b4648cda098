import { defaultLossSpec } from "../../lib/losses/loss_spec.ts";
import { defaultEnsemble } from "../../lib/margins/ensemble.ts";
import { type RunSpec, SPEC_VERSION } from "./run_config.ts";

/**
 * `smoke` shows that everything runs, in minutes; its verdicts mean nothing. `quick` and `full` share
 * their settings and differ in cells and seeds.
 */
export type PresetName = "smoke" | "quick" | "full";

export const presetNames = ["smoke", "quick", "full"] as const satisfies readonly PresetName[];

/**
 * The settings of every study, frozen before any published seed ran with them.
 *
 * Tuned for plain DPO alone, on seeds 100 and up; see `experiments/studies/tuning.md`. No arm has
 * settings of its own but those that its study names.
 */
export function baseSpec(preset: PresetName, seed: number): RunSpec {
  const spec: RunSpec = {
    version: SPEC_VERSION,
    seed,
    world: { heldOutPrompts: 60, clauses: 3 },
    sft: {
      hiddenSize: 64,
      intermediateSize: 128,
      layers: 2,
      heads: 4,
      sentences: 12_000,
      steps: 800,
      batch: 96,
      learningRate: 3e-3,
    },
    data: { pairs: 2000, labelTemperature: 0.25, flipRate: 0.2, lengthConfound: 0 },
    method: {
      loss: { ...defaultLossSpec("dpo"), beta: 0.2 },
      nllAlpha: 0.3,
      iterations: 3,
      stepsPerIteration: 80,
      batchPairs: 32,
      learningRate: 5e-4,
      selection: { rule: "all" },
      ensemble: defaultEnsemble,
      onPolicy: null,
      relabel: false,
      reference: "sft",
      initial: "previous",
    },
    evaluation: { samplesPerPrompt: 10 },
  };
  if (preset !== "smoke") return spec;
  return {
    ...spec,
    world: { ...spec.world, heldOutPrompts: 30 },
    sft: { ...spec.sft, layers: 1, sentences: 4000, steps: 200, batch: 64, learningRate: 5e-3 },
    data: { ...spec.data, pairs: 400 },
    method: { ...spec.method, stepsPerIteration: 20 },
    evaluation: { samplesPerPrompt: 4 },
  };
}

/** Bootstrapping as SeRA does it here: 30 % of N pairs, four responses, temperature 1. */
export const ON_POLICY = {
  share: 0.3,
  promptFactor: 1.5,
  responses: 4,
  temperature: 1,
  topP: 1,
} as const;

/** Share of the offline pairs that selection keeps. */
export const KEEP = { fraction: 0.7 } as const;
