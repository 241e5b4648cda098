import { smallLanguage } from "../../lib/environments/small_language/environment.ts";
import type { SmallLanguageSetting } from "../../lib/environments/small_language/setting.ts";
import { type Condition, defineStudy } from "../../lib/study/study.ts";
import {
  bootstrapAll,
  bootstrapOnly,
  dpo,
  irm70,
  random70,
  sera,
  seraCrossFitted,
  seraJudged,
} from "../arms.ts";
import { goldClaim } from "../claims.ts";

const writers: readonly Condition<SmallLanguageSetting>[] = [
  { id: "own", label: "pairs by the SFT model" },
  ...(["strong", "weak", "mixed"] as const).map((offlineWriter) => ({
    id: offlineWriter,
    label: offlineWriter === "mixed"
      ? "pairs by all writers"
      : `pairs by a ${offlineWriter}er writer`,
    setting: { offlineWriter },
  })),
];
const regimes: readonly Condition<SmallLanguageSetting>[] = [
  { id: "clean", label: "no flips", setting: { flipRate: 0 } },
  { id: "anchored", label: "NLL anchor 0.3", sera: { nllAlpha: 0.3 } },
  { id: "share-0.1", label: "own pairs 10 % of N", sera: { bootstrap: { share: 0.1 } } },
  { id: "prompts-4", label: "4 prompts per pair kept", sera: { bootstrap: { promptFactor: 4 } } },
];
const byWriter = [...writers.map(({ id }) => id), "anchored"];

/** SeRA's second component: what self-labelled pairs add to selection. */
export const bootstrapping = defineStudy({
  id: "bootstrapping",
  title: "What self-labelled pairs add",
  question:
    "Where does full SeRA beat selection by implicit reward margin alone: when the offline " +
    "pairs come from other writers, and so do not show what the policy itself writes?",
  environment: smallLanguage,
  firstSeed: 200,
  conditions: [...writers, ...regimes],
  arms: [
    ...[irm70, sera],
    ...[dpo, random70, bootstrapOnly, bootstrapAll].map((arm) => ({ ...arm, only: byWriter })),
    ...[seraJudged, seraCrossFitted].map((arm) => ({ ...arm, only: ["own", "mixed"] })),
  ],
  claims: [
    goldClaim({
      id: "sera-over-irm",
      text: "Where the SFT model wrote the offline pairs, SeRA has a higher gold reward than IRM " +
        "selection alone.",
      paper: "Pairs that the policy generates and labels itself add to the selected ones.",
      condition: "own",
      arm: "sera",
      baseline: "irm-70",
      ...{ seeds: 16, exploratorySd: 0.181 },
    }),
  ],
  headline: "sera-over-irm",
  presets: {
    smoke: {
      seeds: 2,
      includes: ({ condition, arm }) =>
        condition === "own" && ["irm-70", "sera", "sera-cross-fitted"].includes(arm),
    },
    quick: {
      seeds: 2,
      includes: ({ condition, arm }) =>
        byWriter.includes(condition) && ["irm-70", "sera"].includes(arm),
    },
    full: { seeds: 4 },
  },
});
