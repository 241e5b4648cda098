import type { TokenizedPair } from "../../lib/data/preference.ts";
import { flipLabels } from "../../lib/data/label_noise.ts";
import {
  type CandidatePair,
  EOS_ID,
  goldReward,
  labelCandidates,
  maxResponseTokens,
  type PromptSplit,
} from "../../lib/data/world/mod.ts";
import { generate, type Response } from "../../lib/policy/generate.ts";
import type { LanguageModel } from "../../lib/policy/language_model.ts";
import { createPrng } from "../../lib/random/prng.ts";
import type { RunSpec } from "./run_config.ts";

/** Sequences that one step of decoding holds. */
export const DECODE_BATCH = 1024;

/** Samples of a model at temperature 1: `[prompt][sample]`. */
export function sampleResponses(
  model: LanguageModel,
  prompts: readonly { readonly ids: Int32Array }[],
  responses: number,
  spec: RunSpec,
  ...path: (string | number)[]
): Promise<Response[][]> {
  return generate(model, prompts.map((prompt) => prompt.ids), {
    responses,
    maxNewTokens: maxResponseTokens(spec.world.clauses),
    stopTokenIds: [EOS_ID],
    seed: spec.seed,
    path,
    batch: DECODE_BATCH,
    temperature: 1,
    topP: 1,
    topK: 0,
  });
}

/** The offline preferences of a run. */
export interface OfflinePreferences {
  /** N pairs after Bradley-Terry labels and flips. */
  readonly pairs: readonly TokenizedPair[];
  /** Whether the chosen response of `pairs[i]` has the lower gold reward, whatever the reason. */
  readonly wrong: readonly boolean[];
}

/**
 * N labelled pairs of the SFT model's samples to the training prompts in turn, `[prompt][sample]`.
 *
 * Identical and unfinished samples are left out; labels are drawn by Bradley-Terry, then exactly
 * `round(flipRate N)` of them flipped and marked. Labels and flips have streams of their own, so
 * noise levels of one seed differ in the flips alone, and a higher level flips what a lower one did.
 */
export function offlinePreferences(
  spec: RunSpec,
  samples: readonly (readonly Response[])[],
  { train }: PromptSplit,
): OfflinePreferences {
  const { data, seed, world } = spec;
  const candidates: CandidatePair[] = [];
  for (let k = 0; 2 * k + 1 < (samples[0]?.length ?? 0); k++) {
    samples.forEach((responses, p) => {
      const [first, second] = [responses[2 * k] as Response, responses[2 * k + 1] as Response];
      if (!first.finished || !second.finished) return;
      const promptIds = (train[p] as { ids: Int32Array }).ids;
      candidates.push({ promptIds, firstIds: first.ids, secondIds: second.ids });
    });
  }
  const labelled = labelCandidates(candidates, {
    temperature: data.labelTemperature,
    lengthConfound: data.lengthConfound,
    clauses: world.clauses,
  }, createPrng(seed, "labels")).slice(0, data.pairs);
  if (labelled.length < data.pairs) {
    throw new RangeError(`only ${labelled.length} of ${data.pairs} pairs could be sampled`);
  }
  const { pairs } = flipLabels(
    labelled.map(({ pair }) => pair),
    data.flipRate,
    createPrng(seed, "flips"),
  );
  const wrong = pairs.map((pair, i) => {
    const { goldChosen, goldRejected } = labelled[i] as (typeof labelled)[number];
    return pair.flipped ? goldChosen > goldRejected : goldChosen < goldRejected;
  });
  return { pairs, wrong };
}

/**
 * Clean pairs for the held-out loss and accuracy: neighbouring SFT samples to the held-out prompts,
 * the one with the higher gold reward chosen; ties are left out.
 */
export function heldOutPreferences(
  samples: readonly (readonly Response[])[],
  { heldOut }: PromptSplit,
  clauses: number,
): TokenizedPair[] {
  return samples.flatMap((responses, p) => {
    const promptIds = (heldOut[p] as { ids: Int32Array }).ids;
    const pairs: TokenizedPair[] = [];
    for (let k = 0; k + 1 < responses.length; k += 2) {
      const [a, b] = [responses[k] as Response, responses[k + 1] as Response];
      const difference = goldReward(promptIds, a.ids, clauses).reward -
        goldReward(promptIds, b.ids, clauses).reward;
      if (difference === 0) continue;
      const [chosen, rejected] = difference > 0 ? [a, b] : [b, a];
      const id = `held-out ${p}.${k / 2}`;
      pairs.push({ id, promptIds, chosenIds: chosen.ids, rejectedIds: rejected.ids });
    }
    return pairs;
  });
}
