import { type CandidatePair, labelCandidates } from "../../data/label_candidates.ts";
import { flipLabels } from "../../data/label_noise.ts";
import type { TokenizedPair } from "../../data/preference.ts";
import { UserError } from "../../errors.ts";
import type { Response } from "../../policy/generate.ts";
import { createPrng } from "../../random/prng.ts";
import { checkKinds, type SmallLanguageSetting } from "./setting.ts";
import { flipWeights, goldOf, labelConfig } from "./annotators.ts";
import type { PromptSplit } from "./world/mod.ts";

/**
 * N labelled pairs of samples to the training prompts in turn, `[prompt][sample]`.
 *
 * Identical and unfinished samples are left out; labels are drawn by Bradley-Terry, then exactly
 * `round(flipRate N)` of them flipped and marked. Labels and flips have streams of their own, so
 * noise levels of one seed differ in the flips alone, and a higher level flips what a lower one did.
 *
 * @throws {UserError} where too few samples are left, or more labels are to be flipped than can be
 */
export function offlinePreferences(
  setting: SmallLanguageSetting,
  seed: number,
  samples: readonly (readonly Response[])[],
  split: PromptSplit,
): readonly TokenizedPair[] {
  checkKinds(setting);
  const candidates: CandidatePair[] = [];
  for (let k = 0; 2 * k + 1 < (samples[0]?.length ?? 0); k++) {
    samples.forEach((responses, p) => {
      const [first, second] = [responses[2 * k] as Response, responses[2 * k + 1] as Response];
      if (!first.finished || !second.finished) return;
      const promptIds = (split.train[p] as { ids: Int32Array }).ids;
      candidates.push({ promptIds, firstIds: first.ids, secondIds: second.ids });
    });
  }
  const labelled = labelCandidates(
    candidates,
    labelConfig(setting, seed, split),
    createPrng(seed, "labels"),
  ).slice(0, setting.pairs);
  if (labelled.length < setting.pairs) {
    throw new UserError(
      `only ${labelled.length} of ${setting.pairs} pairs could be made: samples repeat ` +
        "themselves or do not finish; ask for fewer pairs, or train the SFT model longer",
    );
  }
  const weights = flipWeights(setting, seed, split, labelled);
  return flipLabels(labelled, setting.flipRate, createPrng(seed, "flips"), weights).pairs;
}

/**
 * Clean pairs for the held-out loss and accuracy: neighbouring SFT samples to the held-out prompts,
 * the one with the higher gold reward chosen; ties are left out.
 */
export function heldOutPreferences(
  samples: readonly (readonly Response[])[],
  { heldOut }: PromptSplit,
  setting: SmallLanguageSetting,
): TokenizedPair[] {
  const { reward } = goldOf(setting);
  return samples.flatMap((responses, p) => {
    const promptIds = (heldOut[p] as { ids: Int32Array }).ids;
    const pairs: TokenizedPair[] = [];
    for (let k = 0; k + 1 < responses.length; k += 2) {
      const [a, b] = [responses[k] as Response, responses[k + 1] as Response];
      const difference = reward(promptIds, a.ids) - reward(promptIds, b.ids);
      if (difference === 0) continue;
      const [chosen, rejected] = difference > 0 ? [a, b] : [b, a];
      const id = `held-out ${p}.${k / 2}`;
      pairs.push({ id, promptIds, chosenIds: chosen.ids, rejectedIds: rejected.ids });
    }
    return pairs;
  });
}
