/** Conditions that several studies share: one run serves them all. */
import type { SmallLanguageSetting } from "../lib/environments/small_language/setting.ts";
import type { Condition } from "../lib/study/study.ts";

/** A condition of any study in the small language. */
export type SharedCondition = Condition<SmallLanguageSetting>;

/** So many percent of the labels flipped, whichever they are: in any environment that flips. */
export function flipped(
  percent: number,
): {
  readonly id: string;
  readonly label: string;
  readonly setting: { readonly flipRate: number };
} {
  return {
    id: `noise-${percent}`,
    label: `${percent} % flipped`,
    setting: { flipRate: percent / 100 },
  };
}

/** Flips that are not uniform. */
export const otherNoise: readonly SharedCondition[] = [
  {
    id: "small-gap-20",
    label: "20 % flipped, small gaps first",
    setting: { flipRate: 0.2, noise: "small-gap" },
  },
  {
    id: "near-ties-20",
    label: "20 % flipped, near-ties only",
    setting: { flipRate: 0.2, noise: "near-ties" },
  },
  {
    id: "careless-10",
    label: "one annotator in five tosses a coin",
    setting: { flipRate: 0.1, noise: "careless" },
  },
];

/** The base setting with the anchor that the paper does not have. */
export const anchored20: SharedCondition = {
  id: "noise-20-anchored",
  label: "20 % flipped, NLL anchor 0.3",
  setting: { flipRate: 0.2 },
  sera: { nllAlpha: 0.3 },
};
