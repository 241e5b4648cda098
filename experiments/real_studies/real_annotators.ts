import { preferenceFile } from "../../lib/environments/preference_file/environment.ts";
import { methods } from "../../lib/sera/methods.ts";
import type { Claim } from "../../lib/study/claim.ts";
import { defineStudy } from "../../lib/study/study.ts";
import { flipped } from "../conditions.ts";

/** A smoke run has fewer pairs than the study asks for. */
const smoke = { ...preferenceFile.smoke.setting, heldOutPairs: 10, trainingPairs: 24 };
const environment = { ...preferenceFile, smoke: { ...preferenceFile.smoke, setting: smoke } };

/**
 * SeRA on real preferences: GPT-4's, of AlpacaEval's published results. The pairs are not part of the
 * repository (CC BY-NC 4.0). Who wants to run the study makes `alpaca_eval_pairs.jsonl` from the GitHub
 * repository `tatsu-lab/alpaca_eval`: of `results/<model>/alpaca_eval_gpt4/annotations.json`, for
 * alpaca-7b, text_davinci_001 and falcon-7b-instruct in turn, the annotations in their order whose
 * preference is 1 or 2 and whose answers are both not blank, each on a line as Python's
 * `json.dumps(..., ensure_ascii=False)` writes it, with `prompt` (the instruction), `chosen`, `rejected`
 * and `source` (the model). It has 2,372 lines and the SHA-256 below (made in this way from commit
 * cd543a1), and is looked for in `.cache/data`, or in the folder that `SERA_DATA` names.
 */
export const real_annotators = defineStudy({
  id: "real_annotators",
  title: "Real annotators: does SeRA select length or quality?",
  question:
    "On GPT-4's preferences between published answers, does selection by implicit reward margin " +
    "drop injected flips and predict untouched labels better than random or length-only selection?",
  environment,
  firstSeed: 300,
  base: {
    setting: {
      model: ".cache/models/SmolLM2-135M-Instruct.Q4_1.gguf",
      modelSha256: "566abd2976c2173443861d2d4e9385377aad49fbcbf6332aa21c43735e2860cb",
      data: "alpaca_eval_pairs.jsonl",
      dataSha256: "e6e991c3240f678e592fc678cd1d6a01be8c55529c5deea682a5605a52613f9e",
      shorterThan: 250,
      heldOutPairs: 150,
      trainingPairs: 400,
      maxLength: 256,
      rank: 16,
      evaluationPrompts: 16,
      samplesPerPrompt: 1,
      maxNewTokens: 64,
    },
    // 128 of 400 pairs an iteration: a cell of six arms then takes an hour of one core. The rate is
    // that of the study of sentiment; it was not tuned for these pairs.
    sera: { steps: 16, batch: 8, learningRate: 3e-4, schedule: "constant", warmup: 0 },
  },
  conditions: [0, 20, 40].map(flipped),
  arms: [
    { id: "dpo", label: "DPO", sera: methods.plain },
    { id: "random-70", label: "random 70 %", sera: methods.random },
    { id: "irm-70", label: "IRM 70 %", sera: methods.select },
    {
      id: "irm-per-token-70",
      label: "IRM per token 70 %",
      sera: { ...methods.select, margin: "per-token" },
    },
    {
      id: "shortest-70",
      label: "shortest chosen 70 %",
      sera: { selection: { rule: "shortest", keep: 0.7 }, bootstrap: null },
    },
    {
      id: "sera",
      label: "SeRA",
      sera: { ...methods.sera, bootstrap: { share: 0.1, promptFactor: 2, batch: 64 } },
    },
  ],
  claims: [
    ...([20, 40] as const).map((flips): Claim => ({
      id: `irm-keeps-fewer-flips-at-${flips}`,
      text:
        `With ${flips} % flipped, IRM selection keeps a smaller share of flips than random selection.`,
      paper: "Pairs with a large implicit reward margin are rarely labelled wrongly.",
      metric: "flippedSelected",
      condition: `noise-${flips}`,
      ...{ arm: "irm-70", baseline: "random-70", direction: "lower" },
      ...{ smallestEffect: 0.02, seeds: 3 },
    })),
    {
      id: "irm-keeps-longer-chosen",
      text:
        "Without flips, IRM selection keeps more pairs whose chosen answer is the longer one than " +
        "random selection.",
      metric: "longerChosenSelected",
      condition: "noise-0",
      ...{ arm: "irm-70", baseline: "random-70", direction: "higher" },
      ...{ smallestEffect: 0.02, seeds: 3 },
    },
  ],
  headline: "irm-keeps-fewer-flips-at-20",
  presets: {
    smoke: {
      seeds: 1,
      includes: ({ condition, arm }) => condition === "noise-20" && ["dpo", "irm-70"].includes(arm),
    },
    // A run takes 15 to 18 minutes, as long as both of `sentiment` on the other core.
    quick: {
      seeds: 1,
      includes: ({ condition, arm }) => condition === "noise-20" && arm === "irm-70",
    },
    full: { seeds: 3 },
  },
});
