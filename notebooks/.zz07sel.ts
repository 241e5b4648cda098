// cell 2
import * as aq from "arquero";
import { sampleRankCorrelation } from "simple-statistics";
import { installErrorListeners, readParameters, runsText, say, show } from "../lib/mod.ts";
import { openStudy, readings, showTable, showVerdicts, watchStudy, withArms } from "../lib/mod.ts";
import { describeArms, describeConditions, describeShared } from "../lib/mod.ts";
import { type ArmPair, contrasts, createPrng, intervalText, onSharedSeeds } from "../lib/mod.ts";
import { contrastMap, frontierPlot, intervalPlot, linePlot, standings } from "../lib/mod.ts";
import { reviewWorld } from "../lib/mod.ts";
import { studies } from "../experiments/studies.ts";
import { selection_rules } from "../experiments/studies/selection_rules.ts";

installErrorListeners();

// cell 4
var preset = "full";
var seeds = 0;
var records = "../results/records";

// cell 5
const parameters = readParameters({ preset, seeds, records });
const opened = openStudy(selection_rules, { ...parameters, family: studies });
const { rows } = opened;
await say(runsText(opened, parameters.preset));

// cell 7
const names = {
  "irm": "largest margin",
  "bottom": "smallest margin",
  "small-gap": "margin nearest to 0",
  "middle": "middle band of margins",
  "lossdiff-irm": "LossDiff-IRM",
  "held-out": "lowest held-out loss",
  "votes": "votes of three folds",
  "explicit": "reward model",
  "m-ap": "reward model − |margin| (M_AP)",
  "oracle": "(oracle: sees the flips)",
};
const rules = Object.entries(names);
const ofArm = new Map(rules.flatMap(([id, name]) => [70, 40].map((k) => [`${id}-${k}`, name])));
const nameOf = ({ arm }: { arm: string }) => ofArm.get(arm) ?? arm;
const pairs = [70, 40].flatMap((k) => rules.map(([id]): ArmPair => [`${id}-${k}`, `random-${k}`]));
const columnOf = (c: { conditionLabel: string; row: { keep: number | null } }) =>
  `${c.conditionLabel}, keep ${Math.round(100 * (c.row.keep ?? NaN))} %`;
const ranked = (c: { arm: string }) => nameOf(c) !== names.oracle;
const differences = contrasts(opened, "gold", pairs);
const standing = standings(differences, { column: columnOf, ranked });
const gains = differences.map((each, i) => ({ ...each, standing: standing[i] }));
const columns = [...Map.groupBy(gains, columnOf)];

// cell 8
const at20 = readings(rows, "noise-20");
const at40 = readings(rows, "noise-40");
const at0 = readings(rows, "noise-0");
/** In how many columns a rule beats random, loses to it, and is the best or level with the best. */
const tally = (name: string) => {
  const own = gains.filter((gain) => nameOf(gain) === name);
  if (own.length === 0) return "(no runs yet)";
  const better = own.filter(({ low }) => low > 0).length;
  const worse = own.filter(({ high }) => high < 0).length;
  const front = own.filter((gain) => gain.standing !== "behind").length;
  return `better than random in ${better} of ${own.length} columns, worse in ${worse}, the best or ` +
    `not told apart from it in ${front}`;
};
const wins = Object.values(names).map((name) =>
  [name, gains.filter((g) => nameOf(g) === name && g.standing === "best").length] as const
).filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);
const count = (word: string) => opened.verdicts.filter(({ verdict }) => verdict === word).length;

// cell 9
await say(`## Abstract

Papers disagree on which preference pairs to keep: those with the largest margins, the smallest, the
middle ones, those with the lowest held-out loss. Here ${
  rules.length - 1
} rules keep the same number
of pairs of the same data, for the same policy, with known flips: ${columns.length} columns of noise
and share. By its mean the best is ${
  wins.map(([name, n]) => `_${name}_ in ${n}`).join(", ")
}; intervals rarely tell one winner.

SeRA's largest margin is ${tally(names.irm)}. With 20 % flipped
(${at20.mean("wrongAll", "random-70")} of the labels wrong) and 70 % kept it is
${at20.difference("gold", "irm-70", "random-70")} against random, and
**${at20.difference("gold", "irm-70", "explicit-70")}** against a reward model trained on the same
labels, the one claim of this page: ${count("supported")} _supported_, ${count("negligible")}
_negligible_, ${count("reversed")} _reversed_, ${count("undecided")} _undecided_.`);

// cell 12
const example = reviewWorld.sampleSentences(
  createPrng(4, "example").shuffle(reviewWorld.allPrompts()).slice(0, 1),
  2,
  createPrng(0, "example"),
).map(({ promptIds, responseIds }) => ({
  prompt: reviewWorld.toText(promptIds),
  response: reviewWorld.toText(responseIds),
  ...reviewWorld.goldReward(promptIds, responseIds),
}));
const [first = NaN, second = NaN] = example.map((response) => response.reward);
const preferred = 1 / (1 + Math.exp((second - first) / 0.25));
await showTable(example, { caption: "One pair with its gold rewards and their parts" });
await say(
  `The annotator prefers the first response with probability ${preferred.toFixed(3)}.`,
);

// cell 13
await showTable(describeArms(opened), { caption: "Arms, and the settings in which they differ" });
await showTable(describeConditions(opened), {
  caption: "Conditions, which all arms of a figure's panel share",
});
await showTable(describeShared(opened), { caption: "What all runs share" });

// cell 15
const everyone = rows.filter((row) => row.iteration === 1 && row.arm === "random-70");
await showTable(
  aq.from(everyone).groupby("conditionLabel").rollup({
    flipped: aq.op.mean("flippedAll"),
    "wrong in all": aq.op.mean("wrongAll"),
    seeds: aq.op.count(),
  }),
  { caption: "Share of the labels" },
);

// cell 17
await show(
  () =>
    contrastMap(gains, {
      title: "Which rule wins where: gold reward against a random selection of as many pairs",
      x: columnOf,
      y: nameOf,
      ranked,
      valueTitle: "difference in gold reward",
    }),
  { id: "rules_map", main: true },
);

// cell 19
await showTable(
  columns.map(([column, own]) => {
    const best = own.find((gain) => gain.standing === "best");
    const level = own.filter((gain) => gain.standing === "level").map(nameOf);
    const oracle = own.find((gain) => nameOf(gain) === names.oracle);
    return {
      column,
      best: best && nameOf(best),
      "best − random": best && intervalText(best),
      "not told apart from it": level.join(", ") || "none",
      "oracle − random": oracle && intervalText(oracle),
      seeds: best?.n,
    };
  }),
  { caption: "Winners, and who shares the place" },
);

// cell 20
await showTable(
  rules.map(([, name]) => {
    const own = gains.filter((gain) => nameOf(gain) === name);
    const share = (test: (gain: typeof gains[number]) => boolean) => own.filter(test).length;
    return {
      rule: name,
      columns: own.length,
      "above random": share(({ low }) => low > 0),
      "below random": share(({ high }) => high < 0),
      best: share((gain) => gain.standing === "best"),
      "not told apart from it": share((gain) => gain.standing === "level"),
      "mean difference": own.reduce((sum, { mean }) => sum + mean, 0) / own.length,
    };
  }).filter((line) => line.columns > 0),
  { caption: "Each rule over all columns" },
);

// cell 22
const base: ArmPair[] = [["irm-70", "explicit-70"], ["irm-70", "held-out-70"]];
const here = rows.filter((row) => row.condition === "noise-20");
await show(
  () =>
    intervalPlot(
      contrasts({ rows: here, study: opened.study }, "gold", [
        ...base,
        ...rules.map(([id]): ArmPair => [`${id}-70`, "random-70"]),
      ]),
      { title: "Rules at 20 % flipped, 70 % kept", xTitle: "difference in gold reward" },
    ),
  { id: "rules_base" },
);

// cell 24
const scoreOf = (row: typeof rows[number]) =>
  row.rule === "random" ? 0.5 : row.rule === "oracle" ? 1 : row.scoreAuc;
const seventy = onSharedSeeds(rows.filter((row) => row.keep === 0.7));
await show(
  () =>
    frontierPlot(seventy.filter((row) => row.last && row.flipRate > 0), {
      title: "Gold reward by how well the rule's score tells flips, 70 % kept",
      subtitle: "means over seeds after the last iteration, with 95 % t intervals",
      x: scoreOf,
      xTitle: "AUC of the rule's own score",
      series: (row) => ofArm.get(row.arm) ?? "random",
      facet: "conditionLabel",
    }),
  { id: "rules_auc_gold" },
);

// cell 25
const scored = aq.from(rows.filter((row) => row.last && row.scoreAuc !== null))
  .derive({ rule: aq.escape(nameOf) });
await showTable(
  scored.groupby("rule", "conditionLabel", "keep").rollup({ auc: aq.op.mean("scoreAuc") })
    .derive({
      column: (row) => row.conditionLabel + ", keep " + aq.op.round(100 * row.keep) + " %",
    })
    .groupby("rule").pivot("column", "auc"),
  { caption: "AUC for flips of each rule's own score, last iteration" },
);
await showTable(
  aq.from(here.filter((row) => row.last && row.keep === 0.7))
    .derive({ rule: aq.escape((row: { arm: string }) => ofArm.get(row.arm) ?? "random") })
    .groupby("rule").rollup({
      "flips kept": aq.op.mean("flippedSelected"),
      "wrong kept": aq.op.mean("wrongSelected"),
      KL: aq.op.mean("kl"),
      valid: aq.op.mean("validRate"),
      gold: aq.op.mean("gold"),
      seeds: aq.op.count(),
    }),
  { caption: "20 % flipped, 70 % kept: what is kept, and how far the policy goes" },
);

// cell 27
await show(
  () =>
    frontierPlot(seventy.filter((row) => row.condition === "noise-20"), {
      title: "Gold reward by distance moved, 20 % flipped",
      series: (row) => ofArm.get(row.arm) ?? "random",
    }),
  { id: "rules_frontier" },
);

// cell 29
const timed = aq.from(here.filter((row) => row.iteration > 0 && row.keep === 0.7))
  .derive({ rule: aq.escape((row: { arm: string }) => ofArm.get(row.arm) ?? "random") })
  .groupby("rule").rollup({
    scoring: (row) => aq.op.sum(row.scoringSeconds) / aq.op.distinct(row.seed),
    update: (row) => aq.op.sum(row.updateSeconds) / aq.op.distinct(row.seed),
    seeds: aq.op.distinct("seed"),
  });
await showTable(timed, { caption: "Seconds per run, 20 % flipped, 70 % kept" });
await show(
  () =>
    intervalPlot(
      contrasts(
        { rows: here, study: opened.study },
        "totalTrainingSeconds",
        rules.map(([id]): ArmPair => [`${id}-70`, "random-70"]),
        { log: true },
      ),
      { title: "Time of a run against random selection", ratio: true, xTitle: "ratio of times" },
    ),
  { id: "rules_time" },
);

// cell 31
const failures = aq.from(rows).filter((row) => row.last && row.matchedArm === null)
  .derive({
    collapse: (row) => aq.op.includes(row.warnings, "collapse", 0) ? 1 : 0,
    decline: (row) => aq.op.includes(row.warnings, "decline", 0) ? 1 : 0,
    gap: (row) => aq.op.includes(row.warnings, "train-held-out-gap", 0) ? 1 : 0,
  })
  .groupby("conditionLabel", "armLabel")
  .rollup({
    seeds: aq.op.count(),
    "valid, lowest": aq.op.min("validRate"),
    collapse: aq.op.mean("collapse"),
    decline: aq.op.mean("decline"),
    gap: aq.op.mean("gap"),
  })
  .filter((cell) => cell.collapse + cell.decline + cell.gap > 0);
await showTable(failures, { caption: "Shares of seeds that show a failure" });

// cell 33
await showVerdicts(opened.verdicts);

// cell 34
const against = (id: string, keep = 70) =>
  [at0, at20, at40].map((at) => at.difference("gold", `${id}-${keep}`, `random-${keep}`)).join(
    ", ",
  );
await say(`## What we found

Differences are paired by seed, with 95 % intervals; _against random_ means a random selection of as
many pairs, at 0, 20 and 40 % flips with 70 % kept. Exploratory but for the claim.

**What the papers' contradiction looks like under one protocol**

- _Largest margin_ (2410.09362; the implicit half of 2502.14560): ${
  tally(names.irm)
}. Against random:
  ${against("irm")}.
- _Smallest margin_ (2508.04149), signed: ${tally(names.bottom)}. Against random:
  ${against("bottom")}. Without the sign: ${tally(names["small-gap"])}.
- _The middle_ (2510.13212): the band of margins is ${tally(names.middle)}; LossDiff-IRM
  ${tally(names["lossdiff-irm"])}. Against random: ${against("middle")}; ${against("lossdiff-irm")}.
- _Lowest held-out loss_ (2502.09650): ${tally(names["held-out"])}. Against random:
  ${against("held-out")}.
- _M_AP_ (2503.01864): ${tally(names["m-ap"])}. Against random: ${against("m-ap")}.
- _Votes of folds:_ ${tally(names.votes)}. _Reward model:_ ${tally(names.explicit)}.
- _The oracle,_ which drops flips and nothing else, is ${
  tally(names.oracle).split(", the best")[0]
}.
  Against random: ${against("oracle")}.`);

// cell 35
const places = wins.map(([name, n]) => `${name} ${n}`).join(", ");
const alone = columns.filter(([, own]) => own.every(({ standing: s }) => s !== "level")).length;
const kinds = ["small-gap-20", "near-ties-20", "careless-10"].map((id) => readings(rows, id));
const irmBy = kinds.map((at) => at.difference("gold", "irm-70", "random-70")).join(", ");
const aucBy = kinds.map((at) => at.mean("scoreAuc", "irm-70")).join(", ");
await say(`**Which rule wins where**

- _Columns won by the mean:_ ${places}, of ${columns.length}. In ${alone} of them the winner is told
  apart from every other rule.
- _Kind of noise_ (small gaps first, near-ties, one careless annotator): the largest margin against
  random is ${irmBy}; its AUC for flips ${aucBy}, under uniform flips of 20 %
  ${at20.mean("scoreAuc", "irm-70")}.
- _Share kept:_ with 40 % instead of 70 % the largest margin against random is
  ${at20.difference("gold", "irm-40", "random-40")} at 20 % flips
  (70 %: ${at20.difference("gold", "irm-70", "random-70")}) and
  ${at40.difference("gold", "irm-40", "random-40")} at 40 %; M_AP at its paper's 40 %
  ${at20.difference("gold", "m-ap-40", "random-40")} and
  ${at40.difference("gold", "m-ap-40", "random-40")}.
- _Implicit or explicit:_ largest margin − reward model is
  ${at20.difference("gold", "irm-70", "explicit-70")} at 20 %,
  ${at40.difference("gold", "irm-70", "explicit-70")} at 40 %; the reward model's AUC is
  ${at20.difference("scoreAuc", "explicit-70", "irm-70")} against the margin's.`);

// cell 36
const ranks = [...Map.groupBy(seventy.filter((r) => r.last && r.flipRate > 0), (r) => r.condition)]
  .flatMap(([condition]) => {
    const at = readings(seventy, condition);
    const told = rules.map(([id]) =>
      [at.mean("scoreAuc", `${id}-70`), at.mean("gold", `${id}-70`)]
        .map(({ mean }) => mean)
    ).filter((both) => both.every(Number.isFinite));
    if (told.length < 4) return [];
    const [auc = [], gold = []] = [0, 1].map((side) => told.map((both) => both[side] as number));
    return [sampleRankCorrelation(auc, gold)];
  });
const ends = [Math.min(...ranks), Math.max(...ranks)].map((value) => value.toFixed(2)).join(" to ");
const range = ranks.length > 0 ? ends : "(no runs yet)";
const ratio = (id: string) =>
  at20.difference("totalTrainingSeconds", `${id}-70`, "random-70", { log: true });
await say(`**Surprises, failures, cost**

- _Telling flips is not all:_ over the rules, the rank correlation of AUC for flips with gold reward is
  ${range} within the conditions that have flips.
- _Distance:_ at 20 %, the largest margin ends ${at20.mean("kl", "irm-70")} nats from the SFT model
  (random ${at20.mean("kl", "random-70")}, lowest held-out loss ${at20.mean("kl", "held-out-70")},
  smallest margin ${at20.mean("kl", "bottom-70")}), with ${at20.mean("validRate", "irm-70")} of its
  sentences valid (random ${at20.mean("validRate", "random-70")}).
- _Cost of a run against random's:_ largest margin ${
  ratio("irm")
}, LossDiff-IRM and held-out loss (two
  folds) ${ratio("lossdiff-irm")} and ${ratio("held-out")}, votes (three folds) ${ratio("votes")},
  reward model ${ratio("explicit")}.`);

// cell 39
const runs = [...opened.records.values()];
const minutes = runs.reduce((sum, run) => sum + run.volatile.seconds, 0) / 60;
const { cpu, cores, commit } = runs[0]?.volatile.environment ?? {};
await say(
  `The ${runs.length} different runs behind this page took ${minutes.toFixed(0)} minutes in all, ` +
    `each on one thread (${cpu}, ${cores} cores; commit ${String(commit).slice(0, 8)}). ` +
    "SFT models are made once per seed and not counted. Every run follows from its config and " +
    "seed.\n\n" +
    "```sh\n" +
    `deno task reproduce ${opened.study.id} --preset quick   # a few seeds of the main cells\n` +
    `deno task reproduce ${opened.study.id} --preset full    # all of it; finished runs are kept\n` +
    "```",
);

// cell 41
const mine = withArms(
  selection_rules,
  {
    id: "mine",
    label: "smallest margin, 10 %",
    sera: { selection: { rule: "bottom", keep: 0.1 }, bootstrap: null },
  },
  {
    id: "mine-random",
    label: "random, 10 %",
    sera: { selection: { rule: "random", keep: 0.1 }, bootstrap: null },
  },
);
const own = await watchStudy(mine, {
  preset: parameters.preset,
  arms: ["mine", "mine-random"],
  conditions: ["noise-0"],
  seeds: 2,
  records: "../.cache/your-turn",
  plot: (soFar) =>
    linePlot(soFar, { title: "Mine so far", x: "iteration", y: "gold", yTitle: "gold reward" }),
});

// cell 42
const beside = [...rows, ...own.rows].filter((row) => row.condition === "noise-0");
await show(
  () =>
    intervalPlot(
      contrasts({ rows: beside, study: mine }, "gold", [
        ["mine", "mine-random"],
        [
          "mine",
          "random-70",
        ],
        ["bottom-70", "random-70"],
        ["irm-70", "random-70"],
      ]),
      {
        title: "Mine beside the published arms, no flips",
        xTitle: "difference in gold reward",
      },
    ),
  { id: "rules_your_turn" },
);
export {};
