import { EOS_ID, maxResponseTokens, type PromptSplit } from "../../lib/data/world/mod.ts";
import { DEFAULT_ADAMW } from "../../lib/training/adamw.ts";
import type { SeraConfig } from "../../lib/training/sera_config.ts";
import { DECODE_BATCH } from "./preferences.ts";
import type { RunSpec } from "./run_config.ts";
import { MAX_ROWS } from "./train_sft.ts";

/** The alignment run that a spec asks for. */
export function seraConfigOf({ method, data, world }: RunSpec): SeraConfig {
  const { onPolicy } = method;
  const pairs = onPolicy === null ? 0 : Math.round(onPolicy.share * data.pairs);
  return {
    loss: method.loss,
    nllAlpha: method.nllAlpha,
    iterations: method.iterations,
    stepsPerIteration: method.stepsPerIteration,
    batchPairs: method.batchPairs,
    learningRate: method.learningRate,
    schedule: "constant",
    warmupSteps: 0,
    optimiser: DEFAULT_ADAMW,
    selection: method.selection,
    ensemble: method.ensemble,
    ...(method.crossFit === undefined ? {} : { crossFit: method.crossFit }),
    onPolicy: onPolicy === null ? null : {
      prompts: Math.ceil(onPolicy.promptFactor * pairs),
      pairs,
      responses: onPolicy.responses,
      temperature: onPolicy.temperature,
      topP: onPolicy.topP,
      topK: 0,
      maxNewTokens: maxResponseTokens(world.clauses),
      batch: DECODE_BATCH,
    },
    relabel: method.relabel,
    reference: method.reference,
    initial: method.initial,
    maxRows: MAX_ROWS,
  };
}

/** Prompts to respond to: the training prompts in turn, as often as the method asks for. */
export function bootstrapPrompts(config: SeraConfig, { train }: PromptSplit): Int32Array[] {
  return Array.from(
    { length: config.onPolicy?.prompts ?? 0 },
    (_, i) => (train[i % train.length] as { ids: Int32Array }).ids,
  );
}

export const STOP_TOKEN_IDS: readonly number[] = [EOS_ID];
