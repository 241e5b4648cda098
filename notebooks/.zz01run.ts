// cell 2
import * as aq from "arquero";
import { installErrorListeners, readParameters, runsText, say, show } from "../lib/mod.ts";
import { openStudy, readings, showTable, showVerdicts, watchStudy, withArms } from "../lib/mod.ts";
import { describeArms, describeConditions, describeShared } from "../lib/mod.ts";
import { type ArmPair, contrasts, createPrng, onSharedSeeds, winRates } from "../lib/mod.ts";
import { frontierPlot, intervalPlot, linePlot, reviewWorld } from "../lib/mod.ts";
import { studies } from "../experiments/studies.ts";
import { dpoPathIds } from "../experiments/arms.ts";
import { selection } from "../experiments/studies/selection.ts";

installErrorListeners();

// cell 4
var preset = "full";
var seeds = 0;
var records = "../results/records";

// cell 5
const parameters = readParameters({ preset, seeds, records });
const opened = openStudy(selection, { ...parameters, family: studies });
const { rows } = opened;
await say(runsText(opened, parameters.preset));

// cell 6
const than = { above: "higher than", below: "lower than", open: "not distinguishable from" };
const [at0, at20] = [readings(rows, "noise-0"), readings(rows, "noise-20")];
const [at40, anchored] = [readings(rows, "noise-40"), readings(rows, "noise-20-anchored")];
// "At IRM's KL" means little before the whole of DPO's path was run.
const path = opened.plan.some(({ arm }) => arm === "dpo-steps-4") ? at20 : readings([], "");
const gain = at20.difference("gold", "irm-70", "random-70");
const further = at20.difference("kl", "irm-70", "random-70");
const atItsKl = path.difference("gold", "irm-70", "dpo-at-kl");
const count = (word: string) => opened.verdicts.filter(({ verdict }) => verdict === word).length;

// cell 7
await say(`## Abstract

With 20 % of the labels flipped (${at20.mean("wrongAll", "dpo")} wrong: the annotator errs too), the
policy that trains on the 70 % of the pairs with the largest margins ends with a gold reward
${gain.words(than)} that of a random 70 % (**${gain}**); against all pairs it is
${at20.difference("gold", "irm-70", "dpo")}. It is ${at0.difference("gold", "irm-70", "random-70")}
without flips, ${at40.difference("gold", "irm-70", "random-70")} at 40 %, and
${anchored.difference("gold", "irm-70", "random-70")} at 20 % where an NLL anchor holds the policy.

Flips among its pairs fall from ${at20.mean("flippedAll", "dpo")} to
${at20.mean("flippedSelected", "irm-70")}, and it moves ${further} nats of KL further than a random
70 %. Dropping as many flips at random is worth
${at20.difference("gold", "matched-70", "random-70")}; taking the pairs with the largest margins
instead adds ${at20.difference("gold", "irm-70", "matched-70")}.

Verdicts: ${count("supported")} _supported_, ${count("negligible")} _negligible_,
${count("reversed")} _reversed_, ${count("undecided")} _undecided_.`);

// cell 10
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

// cell 11
await showTable(describeArms(opened), { caption: "Arms, and the settings in which they differ" });
await showTable(describeConditions(opened), {
  caption: "Conditions, which all arms of a figure's panel share",
});
await showTable(describeShared(opened), { caption: "What all runs share" });

// cell 13
const main: ArmPair[] = [
  ["irm-70", "random-70"],
  ["irm-70", "dpo"],
  ["random-70", "dpo"],
  ["oracle-70", "random-70"],
  ["irm-70", "oracle-70"],
];
await show(
  () =>
    intervalPlot(contrasts(opened, "gold", main), {
      title: "Keeping 70 % of the pairs: by margin, at random, by an oracle",
      xTitle: "difference in gold reward",
      facet: "conditionLabel",
    }),
  { id: "selection_gain", main: true },
);

// cell 15
await show(
  () =>
    intervalPlot(winRates(opened, [["irm-70", "random-70"], ["irm-70", "dpo"]]), {
      title: "Win rates of IRM selection",
      xTitle: "win rate − 1/2",
      facet: "conditionLabel",
    }),
  { id: "selection_win_rates" },
);

// cell 17
const controls: ArmPair[] = [
  ["irm-70", "dpo-at-kl"],
  ["irm-70", "relabel"],
  ["irm-70", "matched-70"],
  ["irm-70", "oracle-70"],
  ["random-fixed-70", "random-70"],
];
const here = rows.filter((row) => row.condition === "noise-20");
await show(
  () =>
    intervalPlot(contrasts({ rows: here, study: opened.study }, "gold", controls), {
      title: "IRM against its controls, 20 % flipped",
      xTitle: "difference in gold reward",
    }),
  { id: "selection_controls" },
);

// cell 19
const klOf = new Map(
  here.filter((row) => row.last && row.arm === "irm-70").map((row) => [row.seed, row.kl]),
);
const points = here.filter((row) => row.arm === "dpo-at-kl").map((row) => ({
  point: `${row.matchedArm}, iteration ${row.matchedIteration}`,
  gap: (klOf.get(row.seed) ?? NaN) - (row.kl ?? NaN),
  ...row,
}));
await showTable(
  aq.from(points).groupby("point").rollup({
    seeds: aq.op.count(),
    "KL of the point": aq.op.mean("kl"),
    "IRM's KL minus it": aq.op.mean("gap"),
    "widest gap": (row) => aq.op.max(aq.op.abs(row.gap)),
    gold: aq.op.mean("gold"),
    valid: aq.op.mean("validRate"),
  }).orderby(aq.desc("seeds")),
  { caption: "DPO at IRM's KL, 20 % flipped: where its rows come from" },
);

// cell 21
const six = ["dpo", "irm-70", "random-70", "oracle-70", "matched-70", "relabel"];
const moved = here.filter((row) => [...six, ...dpoPathIds].includes(row.arm));
await show(
  () =>
    frontierPlot(onSharedSeeds(moved), { title: "Gold reward by distance moved, 20 % flipped" }),
  { id: "selection_frontier" },
);

// cell 22
const sixShared = onSharedSeeds(rows.filter((row) => six.includes(row.arm)));
await show(
  () =>
    linePlot(sixShared, {
      title: "Gold reward by iteration (0 is the SFT model, 1 a plain update for all)",
      x: "iteration",
      y: "gold",
      yTitle: "gold reward",
      facet: "conditionLabel",
    }),
  { id: "selection_by_iteration" },
);
await show(
  () =>
    linePlot(sixShared, {
      title: "Valid sentences by iteration",
      x: "iteration",
      y: "validRate",
      yTitle: "share valid",
      yFormat: ".0%",
      facet: "conditionLabel",
    }),
  { id: "selection_valid" },
);

// cell 24
const partOf = ({ arm, baseline }: { arm: string; baseline: string }) =>
  arm === "matched-70"
    ? "dropping flips (flips as IRM − random)"
    : baseline === "matched-70"
    ? "sharpening (IRM − flips as IRM)"
    : "both (IRM − random)";
const three = onSharedSeeds(
  rows.filter((row) => ["irm-70", "matched-70", "random-70"].includes(row.arm)),
);
const pieces = contrasts({ rows: three, study: opened.study }, "gold", [
  ["matched-70", "random-70"],
  ["irm-70", "matched-70"],
  ["irm-70", "random-70"],
]).map((each) => ({ ...each, claim: null })); // on fewer seeds than the claims
await show(
  () =>
    intervalPlot(pieces, {
      title: "What IRM's difference from a random draw is made of",
      xTitle: "difference in gold reward",
      label: partOf,
      facet: "conditionLabel",
    }),
  { id: "selection_parts" },
);

// cell 26
await showTable(
  aq.from(onSharedSeeds(here.filter((row) => six.includes(row.arm))))
    .filter((row) => row.last).groupby("armLabel").rollup({
      "flips kept": aq.op.mean("flippedSelected"),
      "wrong kept": aq.op.mean("wrongSelected"),
      margin: aq.op.mean("marginSelected"),
      length: aq.op.mean("lengthDifferenceSelected"),
      "same as before": aq.op.mean("jaccard"),
      KL: aq.op.mean("kl"),
      valid: aq.op.mean("validRate"),
      gold: aq.op.mean("gold"),
      "held-out accuracy": aq.op.mean("heldOutAccuracy"),
      seeds: aq.op.count(),
    }),
  { caption: "20 % flipped, after the last iteration, on shared seeds" },
);

// cell 28
await show(
  () =>
    linePlot(
      onSharedSeeds(rows.filter((row) =>
        row.iteration >= 2 && row.flipRate > 0 &&
        ["dpo", "irm-70", "random-70", "oracle-70", "matched-70"].includes(row.arm)
      )),
      {
        title: "How well margins tell flips (0.5: not at all)",
        x: "iteration",
        y: "marginAuc",
        yTitle: "AUC",
        facet: "conditionLabel",
      },
    ),
  { id: "selection_auc" },
);

// cell 30
const sweep = onSharedSeeds(here.filter((row) =>
  row.last && row.arm !== "random-fixed-70" &&
  (["top", "random", "middle", "bottom"].includes(row.rule) || row.arm === "dpo")
));
const kept = sweep.filter((row) => row.arm !== "dpo");
await show(
  () =>
    intervalPlot(
      contrasts(opened, "gold", [30, 50, 70, 90].map((keep) => [`irm-${keep}`, `random-${keep}`]))
        .filter((each) => each.condition === "noise-20"),
      { title: "IRM against random, by share kept", xTitle: "difference in gold reward" },
    ),
  { id: "selection_by_keep" },
);
await show(
  () =>
    linePlot(kept, {
      ...{ title: "Gold reward by share of pairs kept, 20 % flipped", series: "rule" },
      ...{ x: "keep", xTitle: "share of the pairs kept", y: "gold", yTitle: "gold reward" },
      reference: { label: "DPO, all pairs", rows: sweep.filter((row) => row.arm === "dpo") },
    }),
  { id: "selection_gold_by_keep" },
);

// cell 32
await show(
  () =>
    linePlot(kept, {
      title: "Flipped labels among the kept pairs, 20 % flipped",
      x: "keep",
      xTitle: "share of the pairs kept",
      y: "flippedSelected",
      yTitle: "share flipped",
      yFormat: ".0%",
      series: "rule",
      reference: { label: "all pairs", y: "flippedAll", rows: sweep },
    }),
  { id: "selection_flips_kept" },
);

// cell 34
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

// cell 36
await showVerdicts(opened.verdicts);

// cell 37
const relabel = at20.difference("gold", "irm-70", "relabel");
const fixed = at20.difference("gold", "random-fixed-70", "random-70");
const early = at20.difference("gold", "irm-70", "random-70", { iteration: 2 });
const oracle = at20.difference("gold", "irm-70", "oracle-70");
await say(`## What we found

Differences are paired by seed, with 95 % intervals; means are over all seeds of an arm.

**Against random and against all pairs** (gold reward)

- _IRM − random, 70 % kept:_ ${at0.difference("gold", "irm-70", "random-70")} without flips
  (${at0.mean("wrongAll", "dpo")} of the labels wrong), ${gain} at 20 %
  (${at20.mean("wrongAll", "dpo")} wrong), ${at40.difference("gold", "irm-70", "random-70")} at
  40 % (${at40.mean("wrongAll", "dpo")} wrong).
- _IRM − all pairs:_ ${at0.difference("gold", "irm-70", "dpo")},
  ${at20.difference("gold", "irm-70", "dpo")}, ${at40.difference("gold", "irm-70", "dpo")}.
- _Fewer pairs as such:_ random − all pairs is ${at20.difference("gold", "random-70", "dpo")} at
  20 %; a fixed draw is ${
  fixed.words({ above: "better than", below: "worse than", open: "not told from" })
}
  one drawn anew (${fixed}).
- _With the anchor_ (20 %): IRM − random ${anchored.difference("gold", "irm-70", "random-70")},
  IRM − all ${anchored.difference("gold", "irm-70", "dpo")}.`);

// cell 38
const asGood = {
  above: "a lower gold reward than IRM",
  below: "a higher gold reward than IRM",
  open: "a gold reward that is not told from IRM's",
};
await say(`**More than moving further?** (20 % flipped)

- _Distance:_ IRM ends ${at20.mean("kl", "irm-70")} nats from the SFT model, a random 70 %
  ${at20.mean("kl", "random-70")}, all pairs ${at20.mean("kl", "dpo")}, the oracle
  ${at20.mean("kl", "oracle-70")}; with the anchor IRM ${anchored.mean("kl", "irm-70")}, random
  ${anchored.mean("kl", "random-70")}.
- _DPO at IRM's KL:_ IRM − DPO is ${atItsKl}, with ${path.difference("kl", "irm-70", "dpo-at-kl")}
  nats between them: at that distance IRM's gold reward is ${atItsKl.words(than)} DPO's.
- _Relabelling_ ends at ${at20.mean("kl", "relabel")} nats (IRM − relabelling
  ${at20.difference("kl", "irm-70", "relabel")}) with ${relabel.words(asGood)}
  (IRM − relabelling ${relabel}).
- _On the way there:_ after iteration 2, IRM − random is ${early}; after iteration 3 ${gain}.
  Valid sentences after iteration 3: IRM ${at20.mean("validRate", "irm-70")}, random
  ${at20.mean("validRate", "random-70")}; with the anchor ${anchored.mean("validRate", "irm-70")}
  and ${anchored.mean("validRate", "random-70")}.
- _The oracle_ keeps as many pairs: IRM − oracle is ${oracle} at 20 %,
  ${at40.difference("gold", "irm-70", "oracle-70")} at 40 % (where
  ${
  at40.mean("flippedSelected", "oracle-70")
} of its pairs are flipped, as 60 % cannot fill 70 %).`);

// cell 39
const [dropped, sharper] = [
  at20.difference("gold", "matched-70", "random-70"),
  at20.difference("gold", "irm-70", "matched-70"),
];
const adds = { above: "adds", below: "costs", open: "adds nothing that can be told from 0" };
await say(`**What the gain is made of**

- _Dropping flips_ is worth ${dropped} at 20 % and
  ${at40.difference("gold", "matched-70", "random-70")} at 40 %. _Sharpening_
  ${sharper.words(adds)} (${sharper}; ${at40.difference("gold", "irm-70", "matched-70")} at 40 %,
  ${at0.difference("gold", "irm-70", "matched-70")} without flips,
  ${anchored.difference("gold", "irm-70", "matched-70")} with the anchor).
- _It goes with distance:_ sharpening moves the policy ${
  at20.difference("kl", "irm-70", "matched-70")
}
  nats, dropping flips ${at20.difference("kl", "matched-70", "random-70")}; valid sentences change
  by ${at20.difference("validRate", "irm-70", "matched-70")} and
  ${at20.difference("validRate", "matched-70", "random-70")}.
- _Wrong labels_ (flips and the annotator's errors) are ${at20.mean("wrongSelected", "irm-70")} of
  the pairs that IRM keeps, ${at20.mean("wrongSelected", "matched-70")} of the draw with as many
  flips, ${at20.mean("wrongSelected", "oracle-70")} of the oracle's.`);

// cell 40
await say(`**The ranking**

- _AUC for flips_ of the margins that iteration 2 and 3 rank by, 20 % flipped: under IRM
  ${at20.mean("marginAuc", "irm-70", 2)} and ${at20.mean("marginAuc", "irm-70", 3)}, under plain DPO
  ${at20.mean("marginAuc", "dpo", 2)} and ${at20.mean("marginAuc", "dpo", 3)}; at 40 % under IRM
  ${at40.mean("marginAuc", "irm-70", 2)} and ${at40.mean("marginAuc", "irm-70", 3)}. In iteration 3,
  IRM − DPO is ${at20.difference("marginAuc", "irm-70", "dpo")} at 20 %.
- _Shares kept:_ IRM − random is ${at20.difference("gold", "irm-30", "random-30")} with 30 % kept,
  ${at20.difference("gold", "irm-50", "random-50")} with 50 %, ${gain} with 70 %,
  ${at20.difference("gold", "irm-90", "random-90")} with 90 %.
- _The other ends:_ bottom − random at 70 % is ${at20.difference("gold", "bottom-70", "random-70")},
  middle − random ${at20.difference("gold", "middle-70", "random-70")}.
- _Length:_ the kept pairs' chosen response is ${at20.mean("lengthDifferenceSelected", "irm-70")}
  tokens longer (all pairs: ${at20.mean("lengthDifferenceSelected", "dpo")}); responses change by
  ${at20.difference("length", "irm-70", "random-70")} tokens against random selection.`);

// cell 43
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
export {};
