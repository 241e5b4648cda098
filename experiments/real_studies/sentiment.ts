import { sentiment as environment } from "../../lib/environments/sentiment/environment.ts";
import { methods } from "../../lib/sera/methods.ts";
import type { Claim } from "../../lib/study/claim.ts";
import { defineStudy } from "../../lib/study/study.ts";
import { flipped } from "../conditions.ts";

/** Plain DPO at twice the rate, a path to match other arms' KL from. */
const fasterDpo = { ...methods.plain, learningRate: 6e-4 };

/** A claim on gold reward: an eighth of the SD of one response's. */
const claim = (
  flips: 20 | 40,
  [arm, armText]: readonly [string, string],
  [baseline, baselineText]: readonly [string, string],
): Claim => ({
  id: `${arm}-over-${baseline}-at-${flips}`,
  text: `With ${flips} % flipped, ${armText} has a higher gold reward than ${baselineText}.`,
  paper: "Selection by implicit reward margin makes training robust to wrong labels.",
  metric: "gold",
  condition: `noise-${flips}`,
  ...{ arm, baseline, direction: "higher", smallestEffect: 0.04, seeds: flips === 20 ? 12 : 6 },
});
const irm = ["irm-70", "IRM selection (70 %)"] as const;
const random = ["random-70", "random selection (70 %)"] as const;
const dpo = ["dpo", "DPO on all pairs"] as const;
const sera = ["sera", "SeRA"] as const;

/** SeRA on a pretrained model whose true reward is known: sentiment (Rafailov et al. 2023). */
export const sentiment = defineStudy({
  id: "sentiment",
  title: "Controlled sentiment: a pretrained model and a known reward",
  question:
    "Does selection by implicit reward margin, or SeRA, make a pretrained language model's " +
    "reviews kinder than DPO does, when labels are flipped?",
  environment,
  firstSeed: 300,
  conditions: [20, 40].map(flipped),
  arms: [
    { id: "dpo", label: "DPO", sera: methods.plain },
    { id: "random-70", label: "random 70 %", sera: methods.random },
    { id: "irm-70", label: "IRM 70 %", sera: methods.select },
    { id: "sera", label: "SeRA", sera: methods.sera },
    {
      id: "oracle-70",
      label: "oracle 70 %",
      sera: { selection: { rule: "oracle", keep: 0.7, order: "random" }, bootstrap: null },
    },
    { id: "dpo-rate-2", label: "DPO, twice the rate", sera: fasterDpo },
  ],
  matched: [
    {
      ...{ id: "dpo-at-kl", label: "DPO at IRM's KL", to: "irm-70" },
      ...{ among: ["dpo", "dpo-rate-2"], by: "kl" as const },
    },
  ],
  claims: ([20, 40] as const).flatMap((flips) => [
    claim(flips, irm, random),
    claim(flips, irm, dpo),
    claim(flips, sera, dpo),
  ]),
  headline: "irm-70-over-random-70-at-20",
  presets: {
    smoke: { seeds: 2, includes: ({ condition }) => condition === "noise-20" },
    quick: {
      seeds: 1,
      includes: ({ condition, arm }) => condition === "noise-20" && ["dpo", "irm-70"].includes(arm),
    },
    full: { seeds: 6, beside: () => true },
  },
});
