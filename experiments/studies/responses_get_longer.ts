import { smallLanguage } from "../../lib/environments/small_language/environment.ts";
import { methods } from "../../lib/sera/methods.ts";
import { defineStudy } from "../../lib/study/study.ts";
import {
  bootstrapOnly,
  dpo,
  irm70,
  random70,
  sera,
  seraCrossFitted,
  seraJudged,
  seraPerToken,
  type SharedArm,
} from "../arms.ts";
import { goldClaim } from "../claims.ts";

/** What the page compares throughout. */
const main = ["dpo", "random-70", "irm-70", "sera"];
const longer = ["clauses-6", "clauses-12"];
/** Remedies that are tried at both; the others at 6 clauses. */
const atBoth = ["sera-judged", "dpo-anchored", "irm-70-anchored", "sera-anchored"];

const seraFew = {
  id: "sera-few",
  label: "SeRA, own pairs 10 % of N",
  sera: { ...methods.sera, bootstrap: { share: 0.1 } },
};

/** The same with an NLL anchor of 0.3. */
const anchored = ({ id, label, sera }: SharedArm): SharedArm => ({
  id: `${id}-anchored`,
  label: `${label}, anchored`,
  sera: (setting) => ({ ...(typeof sera === "function" ? sera(setting) : sera), nllAlpha: 0.3 }),
});

/** What longer responses do to SeRA, and what may be done about it. */
export const responses_get_longer = defineStudy({
  id: "responses_get_longer",
  title: "When responses get longer",
  question: "What becomes of selection and of self-labelled pairs as responses grow from 9 to 35 " +
    "tokens, where does self-labelling break, and does anything mend it?",
  environment: smallLanguage,
  firstSeed: 200,
  conditions: [3, 6, 12].map((clauses) => ({
    id: `clauses-${clauses}`,
    label: `${clauses} clauses`,
    setting: { clauses },
  })),
  arms: [
    ...[dpo, random70, irm70, sera, bootstrapOnly],
    ...[
      ...[seraPerToken, seraCrossFitted, seraJudged],
      {
        id: "sera-uniform",
        label: "SeRA, uniform ensemble",
        sera: { ...methods.sera, ensemble: { weighting: "uniform" as const, gamma: 1 } },
      },
      seraFew,
      {
        id: "sera-large-margins",
        label: "SeRA, own pairs of the largest margins",
        sera: { ...methods.sera, bootstrap: { promptFactor: 4 } },
      },
      ...[dpo, irm70, sera, seraFew, seraCrossFitted].map(anchored),
    ].map((arm) => ({ ...arm, only: atBoth.includes(arm.id) ? longer : ["clauses-6"] })),
  ],
  claims: [
    goldClaim({
      id: "irm-over-dpo-at-12",
      text:
        "With 12 clauses, IRM selection (70 %) has a higher gold reward than training on all pairs.",
      paper: "Pairs chosen by implicit reward margin train a better policy.",
      condition: "clauses-12",
      arm: "irm-70",
      baseline: "dpo",
      ...{ seeds: 8, exploratorySd: 0.065 },
    }),
    goldClaim({
      id: "sera-over-dpo-at-12",
      text: "With 12 clauses, SeRA has a higher gold reward than DPO.",
      paper: "SeRA improves the direct alignment algorithm it is added to.",
      condition: "clauses-12",
      arm: "sera",
      baseline: "dpo",
      ...{ seeds: 12, exploratorySd: 0.225 },
    }),
    goldClaim({
      id: "judged-over-sera-at-6",
      text:
        "With 6 clauses, SeRA whose own pairs an explicit reward model labels, trained on the " +
        "same offline labels, has a higher gold reward than SeRA.",
      condition: "clauses-6",
      arm: "sera-judged",
      baseline: "sera",
      ...{ seeds: 12, exploratorySd: 0.203 },
    }),
  ],
  headline: "sera-over-dpo-at-12",
  presets: {
    smoke: {
      seeds: 2,
      includes: ({ condition, arm }) => condition === "clauses-6" && ["dpo", "sera"].includes(arm),
    },
    quick: {
      seeds: 2,
      includes: ({ condition, arm }) =>
        condition !== "clauses-12" && ["dpo", "irm-70", "sera"].includes(arm),
    },
    full: { seeds: 4, beside: ({ arm }) => main.includes(arm) },
  },
});
