import { openModelFolder } from "../model_folder.ts";
import { loadLoraAdapter } from "../../../lib/policy/io/peft.ts";
import { LanguageModel } from "../../../lib/policy/language_model.ts";
import { adapterLayers } from "../../../lib/policy/load_policy.ts";
import { loadParameters } from "../../../lib/policy/parameters.ts";
import { sequenceLogps } from "../../../lib/policy/sequence_logps.ts";
import { groupOf, type TrainingPair } from "../../../lib/training/update.ts";
import type { InputPair, Inputs } from "../protocol.ts";

/** The work of one case, loaded. */
export interface Task {
  /** Numbers to compare with the other side; not timed. */
  check(): Promise<number[]>;
  /** One repetition. */
  run(): Promise<{ readonly seconds: number; readonly values: number[] }>;
}

/** Most packed rows of a pass, the default of `align`. */
export const MAX_ROWS = 4096;

/** The model that trains, and the same without its adapters. */
export async function loadModels(
  inputs: Inputs,
): Promise<{ policy: LanguageModel; base: LanguageModel }> {
  const { config, weights } = await openModelFolder(inputs.model);
  const parameters = await loadParameters(config, weights);
  const base = new LanguageModel(config, parameters);
  if (inputs.adapter === undefined) return { policy: base, base };
  const lora = adapterLayers(config, await loadLoraAdapter(inputs.adapter, config));
  return { policy: new LanguageModel(config, parameters, lora), base };
}

/** A pair as the suite takes it, without reference. */
export function tokenized(pair: InputPair, index: number) {
  return {
    id: String(index),
    promptIds: Int32Array.from(pair.prompt),
    chosenIds: Int32Array.from(pair.chosen),
    rejectedIds: Int32Array.from(pair.rejected),
  };
}

/** Pairs with the log-probabilities of the model as it was loaded. */
export async function withReference(
  inputs: Inputs,
  reference: LanguageModel,
): Promise<TrainingPair[]> {
  const pairs = inputs.pairs.map(tokenized);
  const logps = await sequenceLogps(reference, pairs.map(groupOf), { maxRows: MAX_ROWS });
  return pairs.map((pair, i) => ({
    ...pair,
    referenceChosenLogp: logps[i]?.[0] as number,
    referenceRejectedLogp: logps[i]?.[1] as number,
  }));
}

/** Seconds that the work took. */
export async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
