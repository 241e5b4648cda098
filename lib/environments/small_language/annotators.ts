import type { CandidatePair, LabelConfig } from "../../data/label_candidates.ts";
import type { TokenizedPair } from "../../data/preference.ts";
import { createPrng } from "../../random/prng.ts";
import type { SmallLanguageSetting } from "./setting.ts";
import { goldReward, isValid, LENGTH_UNIT, type PromptSplit } from "./world/mod.ts";
import type { GoldReward } from "../../metrics/gold.ts";

/** Responses whose gold rewards differ by less than this are nearly tied: the annotator's 2 tau. */
const NEAR_TIE = 0.5;

/** One annotator in so many is careless, or has a taste of their own. */
const ANNOTATORS = 5;

/** The true reward: that of the world, and the worth of length where it truly earns reward. */
export function goldOf(
  { clauses, lengthConfound, confoundOn }: SmallLanguageSetting,
): Required<Omit<GoldReward, "prepare">> {
  const perToken = confoundOn === "reward" ? lengthConfound / LENGTH_UNIT : 0;
  return {
    reward: (promptIds, ids) => goldReward(promptIds, ids, clauses).reward + perToken * ids.length,
    valid: (_, ids) => isValid(ids, clauses),
  };
}

/**
 * How the labels are drawn. Length is worth `lengthConfound` per `LENGTH_UNIT` tokens in every label
 * (`all`), in near-ties alone, for one annotator in five alone (one fifth of the prompts is theirs),
 * or in the gold reward itself, where it is no confound.
 */
export function labelConfig(
  setting: SmallLanguageSetting,
  seed: number,
  split: PromptSplit,
): LabelConfig {
  const { labelTemperature, lengthConfound, confoundOn } = setting;
  const theirs = onesPrompts(split, seed);
  const applies: Record<typeof confoundOn, (pair: CandidatePair, difference: number) => boolean> = {
    all: () => true,
    "near-ties": (_, difference) => Math.abs(difference) < NEAR_TIE,
    annotator: ({ promptIds }) => theirs.has(promptIds.join()),
    reward: () => false,
  };
  return {
    temperature: labelTemperature,
    gold: goldOf(setting).reward,
    taste: (pair, difference) =>
      applies[confoundOn](pair, difference)
        ? lengthConfound * (pair.firstIds.length - pair.secondIds.length) / LENGTH_UNIT
        : 0,
  };
}

/**
 * How likely each label is to be flipped next, in proportion; undefined where all are alike.
 *
 * - `small-gap`: exp(-2 |gap|), so that a pair of equals is flipped seven times as often as one whose
 *   gold rewards differ by 1.
 * - `near-ties`: the half of the pairs with the smaller gaps, all alike; none of the others.
 * - `careless`: one annotator's pairs, those of one fifth of the prompts, all alike; no others.
 */
export function flipWeights(
  setting: SmallLanguageSetting,
  seed: number,
  split: PromptSplit,
  pairs: readonly TokenizedPair[],
): number[] | undefined {
  switch (setting.noise) {
    case "uniform":
      return undefined;
    case "small-gap":
      return goldGaps(setting, pairs).map((gap) => Math.exp(-2 * gap));
    case "near-ties": {
      const gaps = goldGaps(setting, pairs);
      const order = [...gaps.keys()].sort((a, b) =>
        (gaps[a] as number) - (gaps[b] as number) || a - b
      );
      const near = new Set(order.slice(0, Math.ceil(pairs.length / 2)));
      return pairs.map((_, i) => near.has(i) ? 1 : 0);
    }
    case "careless": {
      const theirs = onesPrompts(split, seed);
      return pairs.map(({ promptIds }) => theirs.has(promptIds.join()) ? 1 : 0);
    }
  }
}

/** How far apart the gold rewards of each pair's responses are. */
function goldGaps(setting: SmallLanguageSetting, pairs: readonly TokenizedPair[]): number[] {
  const { reward } = goldOf(setting);
  return pairs.map(({ promptIds, chosenIds, rejectedIds }) =>
    Math.abs(reward(promptIds, chosenIds) - reward(promptIds, rejectedIds))
  );
}

/** The training prompts of one annotator, by their ids. */
function onesPrompts({ train }: PromptSplit, seed: number): Set<string> {
  const order = createPrng(seed, "annotators").shuffle(train.map((_, i) => i));
  return new Set(
    order.slice(0, Math.ceil(train.length / ANNOTATORS)).map((i) =>
      (train[i] as PromptSplit["train"][number]).ids.join()
    ),
  );
}
