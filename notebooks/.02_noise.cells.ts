// cell 2
import * as aq from "arquero";
import { installErrorListeners, readParameters, runsText, say, show } from "../lib/mod.ts";
import { openStudy, readings, showTable, showVerdicts, watchStudy, withArms } from "../lib/mod.ts";
import { describeArms, describeConditions, describeShared } from "../lib/mod.ts";
import { type ArmPair, contrasts, createPrng, methods, onSharedSeeds } from "../lib/mod.ts";
import { type Reading, type Readings, winRates } from "../lib/mod.ts";
import { frontierPlot, intervalPlot, linePlot, reviewWorld } from "../lib/mod.ts";
import { dpoPathIds } from "../experiments/arms.ts";
import { studies } from "../experiments/studies.ts";
import { noise } from "../experiments/studies/noise.ts";

installErrorListeners();

// cell 4
var preset = "full";
var seeds = 0;
var records = "../results/records";

// cell 5
const parameters = readParameters({ preset, seeds, records });
const opened = openStudy(noise, { ...parameters, family: studies });
const { rows } = opened;
await say(runsText(opened, parameters.preset));

// cell 6
/** How an arm's gold reward changes from one condition to another, paired by seed. */
const moved = (arm: string, from: string, to: string): Reading => {
  const own = rows.filter((row) => row.last && row.arm === arm)
    .map((row) => ({ ...row, arm: row.condition, condition: "moved" }));
  return readings(own, "moved").difference("gold", to, from);
};
/** How a difference in gold reward changes from one condition to another, paired by seed. */
const changed = (pair: ArmPair, from: string, to: string): Reading => {
  const gains = contrasts(opened, "gold", [pair]).flatMap(({ condition, pairs, row }) =>
    pairs.map(({ seed, difference }) => {
      return { ...row, seed, gold: difference, arm: condition, condition: "changed" };
    })
  );
  return readings(gains, "changed").difference("gold", to, from);
};
/** Share of an arm's seeds that collapsed. */
const fallen = (condition: string, arm: string): string => {
  const last = rows.filter((row) => row.last && row.condition === condition && row.arm === arm);
  const fell = last.filter(({ warnings }) => warnings.includes("collapse"));
  return `${Math.round(100 * fell.length / last.length)} %`;
};

// cell 7
/** Losses with their arms: alone, with IRM selection, with SeRA. The first four are the paper's. */
const losses = [
  ["DPO", "dpo", "irm-70", "sera"],
  ...Object.entries({ ipo: "IPO", slic: "SLiC", simpo: "SimPO", "slic-hf": "SLiC-HF" }),
  ...Object.entries({ "r-dpo": "R-DPO", cpo: "CPO", orpo: "ORPO", kto: "KTO" }),
].map(([id = "", name = "", irm = `${id}-irm`, sera = `${id}-sera`]) =>
  id === "DPO" ? { loss: id, alone: name, irm, sera } : { loss: name, alone: id, irm, sera }
);
const four = losses.slice(0, 4);
type Loss = typeof losses[number];
/** "DPO +0.1 [...]; IPO ...": a difference for each loss that has it. */
const each = (some: readonly Loss[], read: (loss: Loss) => Reading): string =>
  some.map((one) => ({ ...one, reading: read(one) }))
    .filter(({ reading }) => !Number.isNaN(reading.mean))
    .map(({ loss, reading }) => `${loss} ${reading}`).join("; ") || "NaN";
/** Names of the losses whose interval with SeRA lies above 0, below it, or around it. */
const sorted = (some: readonly Loss[], at: Readings, sign: "above" | "below" | "open"): string =>
  some.filter(({ alone, sera }) =>
    at.difference("gold", sera, alone)
      .words({ above: "above", below: "below", open: "open" }) === sign
  ).map(({ loss }) => loss).join(", ") || "none";

// cell 8
const [at0, at20] = [readings(rows, "noise-0"), readings(rows, "noise-20")];
const [at40, anchored] = [readings(rows, "noise-40"), readings(rows, "noise-20-anchored")];
const than = { above: "higher than", below: "lower than", open: "not told from" };
const gain = at20.difference("gold", "sera", "dpo");
const held = anchored.difference("gold", "sera", "dpo");
await say(`## Abstract

With 20 % of the labels flipped (${at20.mean("wrongAll", "dpo")} wrong: the annotator errs too),
SeRA on DPO ends with a gold reward ${gain.words(than)} that of DPO alone (**${gain}**).

At 40 % (${at40.mean("wrongAll", "dpo")} wrong) the difference is
${at40.difference("gold", "sera", "dpo")}, without flips ${at0.difference("gold", "sera", "dpo")}.

At 20 %, SeRA moves ${at20.mean("kl", "sera")} nats from the SFT model, DPO
${at20.mean("kl", "dpo")}; ${at20.mean("validRate", "sera")} of its responses are valid, of DPO's
${at20.mean("validRate", "dpo")}; ${fallen("noise-20", "sera")} of its seeds collapse, of DPO's
${fallen("noise-20", "dpo")}; ${at20.mean("onPolicyWrong", "sera")} of the labels that it gives its
own pairs are wrong (a coin: 50 %).

With an NLL anchor of 0.3, which the paper does not have, SeRA − DPO is **${held}**: a change of
${changed(["sera", "dpo"], "noise-20", "noise-20-anchored")}.`);

// cell 9
const count = (word: string) => opened.verdicts.filter(({ verdict }) => verdict === word).length;
await say(`Without the anchor and at 20 %, by the 95 % intervals of the paper's four losses, SeRA
gains on: ${sorted(four, at20, "above")}; loses on: ${sorted(four, at20, "below")}; is not told from
the loss alone on: ${sorted(four, at20, "open")}. On DPO, selection alone gives
${at20.difference("gold", "irm-70", "dpo")}, and own pairs on top
${at20.difference("gold", "sera", "irm-70")}.

Verdicts: ${count("supported")} _supported_, ${count("negligible")} _negligible_,
${count("reversed")} _reversed_, ${count("undecided")} _undecided_.`);

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

// cell 14
const firstOf = Map.groupBy(
  opened.plan.filter(({ condition }) => condition === "noise-20"),
  ({ factors }) => factors.loss,
);
const tuned = [...firstOf.values()].flatMap(([run]) => run?.config.sera ?? []);
await showTable(
  tuned.map(({ loss, learningRate }) => ({ "learning rate": learningRate, ...loss }))
    .map(({ name, ...options }) => ({
      loss: name,
      "learning rate": options["learning rate"],
      options: Object.entries(options).slice(1).map(([key, value]) => `${key} ${value}`).join(", "),
    })),
  { caption: "Losses as they are set, 20 % flipped" },
);

// cell 16
await showTable(
  aq.from(rows).filter((row) => row.last && row.arm === "dpo").groupby("conditionLabel").rollup({
    flipped: aq.op.mean("flippedAll"),
    wrong: aq.op.mean("wrongAll"),
    seeds: aq.op.count(),
  }),
  { caption: "Shares of the offline labels that are flipped, and that are wrong" },
);

// cell 18
const pairs = four.map(({ sera, alone }): ArmPair => [sera, alone]);
const two = (of: { readonly condition: string }) => ["noise-20", "noise-40"].includes(of.condition);
await show(
  () =>
    intervalPlot(contrasts(opened, "gold", pairs).filter(two), {
      title: "Each loss with SeRA against the loss alone",
      xTitle: "difference in gold reward",
      facet: "conditionLabel",
    }),
  { id: "noise_gain", main: true },
);

// cell 20
await show(
  () =>
    intervalPlot(winRates(opened, pairs).filter(two), {
      title: "Win rates of each loss with SeRA against the loss alone",
      xTitle: "win rate − 1/2",
      facet: "conditionLabel",
    }),
  { id: "noise_win_rates" },
);

// cell 22
const here = rows.filter((row) => row.condition === "noise-20");
const attributed = losses.flatMap(({ loss, alone, irm, sera }) => {
  const own = onSharedSeeds(here.filter((row) => [alone, irm, sera].includes(row.arm)));
  return contrasts({ rows: own, study: opened.study }, "gold", [[irm, alone], [sera, irm]])
    .map((found) => ({
      ...found,
      ...{ loss, claim: null }, // on fewer seeds than the claims
      part: found.arm === irm ? "selection: IRM − alone" : "own pairs on top: SeRA − IRM",
    }));
});
await show(
  () =>
    intervalPlot(attributed, {
      title: "What each loss's difference is made of, 20 % flipped",
      xTitle: "difference in gold reward",
      label: "loss",
      facet: "part",
    }),
  { id: "noise_attribution" },
);

// cell 24
const onDpo: ArmPair[] = [
  ["sera", "dpo"],
  ["irm-70", "dpo"],
  ["sera", "irm-70"],
  ["random-70", "dpo"],
];
await show(
  () =>
    intervalPlot(contrasts(opened, "gold", onDpo), {
      title: "SeRA on DPO and its parts, by rate and kind of noise",
      xTitle: "difference in gold reward",
      label: "conditionLabel",
      facet: "label",
    }),
  { id: "noise_kinds" },
);

// cell 25
const kept = opened.study.conditions.map(({ id, label }) => {
  const at = readings(rows, id);
  return {
    condition: label,
    "wrong, all pairs": at.mean("wrongAll", "irm-70").mean,
    "kept at random": at.mean("wrongSelected", "random-70").mean,
    "kept by IRM": at.mean("wrongSelected", "irm-70").mean,
    "flips, kept by IRM": at.mean("flippedSelected", "irm-70").mean,
    "AUC for flips": at.mean("marginAuc", "irm-70").mean,
    "wrong own labels, SeRA": at.mean("onPolicyWrong", "sera").mean,
  };
}).filter((line) => Number.isFinite(line["kept by IRM"]));
await showTable(
  kept.map((line) => ({
    ...line,
    "AUC for flips": Number.isFinite(line["AUC for flips"]) ? line["AUC for flips"] : null,
  })),
  { caption: "Wrong labels among the pairs that the last iteration trains on, DPO" },
);

// cell 27
const parts: ArmPair[] = [
  ["sera", "irm-70"],
  ["sera", "bootstrap"],
  ["bootstrap", "random-70"],
  ["irm-70", "random-70"],
  ["relabel", "dpo"],
];
await show(
  () =>
    intervalPlot(contrasts(opened, "gold", parts).filter(two), {
      title: "Parts of SeRA on DPO",
      xTitle: "difference in gold reward",
      facet: "conditionLabel",
    }),
  { id: "noise_parts" },
);
const robust = ["cdpo", "rdpo", "ropo", "dr-dpo"];
await show(
  () =>
    intervalPlot(
      contrasts(opened, "gold", [...robust, "irm-70", "sera"].map((arm) => [arm, "dpo"]))
        .filter(two),
      {
        title: "Losses made for noise, and SeRA, against DPO",
        xTitle: "difference in gold reward",
        facet: "conditionLabel",
      },
    ),
  { id: "noise_robust" },
);

// cell 29
const both = rows.filter((row) => ["noise-20", "noise-20-anchored"].includes(row.condition));
const anchorOf = (row: { readonly alpha: number }) =>
  row.alpha === 0 ? "no anchor, as in the paper" : `NLL anchor of ${row.alpha}`;
await show(
  () =>
    intervalPlot(contrasts({ rows: both, study: opened.study }, "gold", onDpo), {
      title: "SeRA on DPO without and with an NLL anchor, 20 % flipped",
      xTitle: "difference in gold reward",
      facet: (contrast) => anchorOf(contrast.row),
    }),
  { id: "noise_anchor" },
);
const anchorArms = ["dpo", "random-70", "irm-70", "sera"];
await showTable(
  aq.from(both.filter((row) => row.last && anchorArms.includes(row.arm)))
    .derive({ fell: (row) => aq.op.includes(row.warnings, "collapse", 0) ? 1 : 0 })
    .groupby("alpha", "armLabel").rollup({
      gold: aq.op.mean("gold"),
      KL: aq.op.mean("kl"),
      valid: aq.op.mean("validRate"),
      "wrong own": aq.op.mean("onPolicyWrong"),
      collapsed: aq.op.mean("fell"),
      seeds: aq.op.count(),
    }),
  { caption: "The anchor's weight alpha, 20 % flipped; means over all seeds of an arm" },
);

// cell 31
const labellers = [...four.map(({ sera }) => sera), "bootstrap"];
const shown = ["noise-20", "noise-40", "noise-20-anchored"];
await show(
  () =>
    linePlot(
      rows.filter((row) =>
        shown.includes(row.condition) && labellers.includes(row.arm) && row.iteration >= 2
      ),
      {
        title: "Wrong labels among the policy's own pairs",
        ...{ x: "iteration", y: "onPolicyWrong", yTitle: "share wrong", yFormat: ".0%" },
        facet: "conditionLabel",
        reference: { label: "coin", y: 0.5 },
      },
    ),
  { id: "noise_own_labels" },
);
await show(
  () =>
    linePlot(
      rows.filter((row) =>
        shown.includes(row.condition) && ["dpo", "irm-70", "sera"].includes(row.arm)
      ),
      {
        title: "Valid responses by iteration (0 is the SFT model)",
        ...{ x: "iteration", y: "validRate", yTitle: "share valid", yFormat: ".0%" },
        facet: "conditionLabel",
      },
    ),
  { id: "noise_valid" },
);

// cell 33
await show(
  () =>
    intervalPlot(
      contrasts({ rows: here, study: opened.study }, "gold", [
        ["sera", "dpo"],
        ["sera", "dpo-at-kl"],
        ["sera", "dpo-at-time"],
      ]),
      {
        title: "SeRA against DPO, at its KL and in its time, 20 % flipped",
        xTitle: "difference in gold reward",
      },
    ),
  { id: "noise_matched" },
);
const seraRows = new Map(
  here.filter((row) => row.last && row.arm === "sera").map((row) => [row.seed, row]),
);
const points = here.filter((row) => row.matchedArm !== null).map((row) => ({
  point: `${row.matchedArm}, iteration ${row.matchedIteration}`,
  gap: (seraRows.get(row.seed)?.kl ?? NaN) - (row.kl ?? NaN),
  ...row,
}));

// cell 34
await showTable(
  aq.from(points).groupby("armLabel", "point").rollup({
    seeds: aq.op.count(),
    KL: aq.op.mean("kl"),
    "SeRA's KL minus it": aq.op.mean("gap"),
    "training, s": aq.op.mean("totalTrainingSeconds"),
    gold: aq.op.mean("gold"),
    valid: aq.op.mean("validRate"),
  }).orderby("armLabel", aq.desc("seeds")),
  { caption: "Where the matched rows come from, 20 % flipped" },
);

// cell 36
await show(
  () =>
    frontierPlot(
      onSharedSeeds(here.filter((row) => [...dpoPathIds, "sera"].includes(row.arm))),
      { title: "Gold reward by distance moved: SeRA and DPO's own path" },
    ),
  { id: "noise_frontier" },
);
const paths = four.flatMap(({ loss, alone, sera }) =>
  onSharedSeeds(here.filter((row) => [alone, sera].includes(row.arm))).map((row) => ({
    ...row,
    loss,
    method: row.arm === sera ? "with SeRA" : "alone",
  }))
);
await show(
  () =>
    frontierPlot(paths, {
      title: "Gold reward by distance moved, each loss alone and with SeRA",
      series: "method",
      facet: "loss",
    }),
  { id: "noise_frontier_losses" },
);

// cell 38
const hinges = losses.filter(({ loss }) => ["DPO", "SLiC", "SLiC-HF"].includes(loss))
  .flatMap(({ alone, irm, sera }) => [alone, irm, sera]);
await showTable(
  aq.from(onSharedSeeds(here.filter((row) => hinges.includes(row.arm))))
    .filter((row) => row.last).groupby("armLabel").rollup({
      "reward and length": aq.op.mean("rewardLengthCorrelation"),
      "length kept": aq.op.mean("lengthDifferenceSelected"),
      "wrong kept": aq.op.mean("wrongSelected"),
      "held-out accuracy": aq.op.mean("heldOutAccuracy"),
      length: aq.op.mean("length"),
      KL: aq.op.mean("kl"),
      valid: aq.op.mean("validRate"),
      gold: aq.op.mean("gold"),
      seeds: aq.op.count(),
    }),
  { caption: "DPO, SLiC and SLiC-HF, 20 % flipped, after the last iteration, on shared seeds" },
);

// cell 39
const rewards = [...four.map(({ alone }) => alone), "slic-hf"];
await show(
  () =>
    linePlot(
      onSharedSeeds(here.filter((row) => rewards.includes(row.arm) && row.iteration >= 1)),
      {
        title: "Does a loss's own reward like length? Losses alone, 20 % flipped",
        ...{ x: "iteration", y: "rewardLengthCorrelation", yTitle: "Pearson correlation" },
        reference: { label: "none", y: 0 },
      },
    ),
  { id: "noise_reward_length" },
);

// cell 41
const measured = here.filter((row) =>
  row.matchedArm === null && (row.arm === "dpo" || !dpoPathIds.includes(row.arm))
);
await showTable(
  aq.from(onSharedSeeds(measured)).filter((row) => row.last).groupby("armLabel").rollup({
    gold: aq.op.mean("gold"),
    "win vs SFT": aq.op.mean("winVsSft"),
    KL: aq.op.mean("kl"),
    length: aq.op.mean("length"),
    valid: aq.op.mean("validRate"),
    "repeated bigrams": aq.op.mean("repetitionRate"),
    "held-out accuracy": aq.op.mean("heldOutAccuracy"),
    "reward-gold corr.": aq.op.mean("rewardGoldCorrelation"),
    "wrong kept": aq.op.mean("wrongSelected"),
    "wrong own": aq.op.mean("onPolicyWrong"),
    seeds: aq.op.count(),
  }),
);

// cell 43
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

// cell 45
await showVerdicts(opened.verdicts);

// cell 46
const kinds = ["small-gap-20", "near-ties-20", "careless-10"].map((id) => readings(rows, id));
const [smallGap, nearTies, careless] = kinds.map((at) => ({
  wrong: at.mean("wrongAll", "dpo"),
  gain: at.difference("gold", "sera", "dpo"),
}));
await say(`## What we found

Differences are paired by seed, with 95 % intervals; means are over all seeds of an arm. Cells
without a claim have ${noise.presets.full.seeds} seeds: their intervals are wide.

**Rates and kinds of noise** (gold reward, DPO)

- _SeRA − DPO:_ ${at0.difference("gold", "sera", "dpo")} without flips
  (${at0.mean("wrongAll", "dpo")} of the labels wrong), ${gain} at 20 %
  (${at20.mean("wrongAll", "dpo")} wrong), ${at40.difference("gold", "sera", "dpo")} at 40 %
  (${at40.mean("wrongAll", "dpo")} wrong).
- _The harm of flips,_ plain DPO against its own runs without them: ${
  moved("dpo", "noise-0", "noise-20")
} at 20 %, ${moved("dpo", "noise-0", "noise-40")} at 40 %. SeRA's:
  ${moved("sera", "noise-0", "noise-20")} and ${moved("sera", "noise-0", "noise-40")}.
- _Other kinds,_ SeRA − DPO: small gaps first ${smallGap?.gain} (${smallGap?.wrong} wrong),
  near-ties only ${nearTies?.gain} (${nearTies?.wrong} wrong), one careless annotator in five
  ${careless?.gain} (${careless?.wrong} wrong).`);

// cell 47
const random = at20.difference("gold", "random-70", "dpo");
const relabel = at20.difference("gold", "relabel", "dpo");
const top = at20.difference("gold", "sera", "irm-70");
await say(`**Which part?** (DPO)

- _Selection alone_ (IRM − DPO): ${at20.difference("gold", "irm-70", "dpo")} at 20 %,
  ${at40.difference("gold", "irm-70", "dpo")} at 40 %. _Own pairs on top_ (SeRA − IRM): ${top},
  ${top.words({ above: "a gain", below: "a loss", open: "not told from nothing" })};
  ${at40.difference("gold", "sera", "irm-70")} at 40 %.
- _Own pairs beside a random 70 %_ (bootstrap − random):
  ${at20.difference("gold", "bootstrap", "random-70")} at 20 %,
  ${at40.difference("gold", "bootstrap", "random-70")} at 40 %.
- _Relabelling_ is ${relabel.words(than)} plain DPO (${relabel}); _fewer pairs as such_ (random −
  DPO) ${random}.
- _Wrong labels_ among the pairs that IRM keeps: ${at20.mean("wrongSelected", "irm-70")} (all:
  ${at20.mean("wrongAll", "irm-70")}); among SeRA's own pairs
  ${at20.mean("onPolicyWrong", "sera", 2)} in iteration 2, ${at20.mean("onPolicyWrong", "sera", 3)}
  in iteration 3 (at 40 % ${at40.mean("onPolicyWrong", "sera", 2)} and
  ${at40.mean("onPolicyWrong", "sera", 3)}; a coin: 50 %).`);

// cell 48
const gold = (at: Readings) => (loss: Loss) => at.difference("gold", loss.sera, loss.alone);
const ofPart = (part: string) =>
  attributed.filter((found) => found.part.startsWith(part))
    .map(({ loss, mean }) => `${loss} ${mean < 0 ? "−" : "+"}${Math.abs(mean).toFixed(2)}`)
    .join(", ") || "NaN";
await say(`**Which loss?** (SeRA − the loss alone, gold reward)

- _The paper's four, 20 %:_ ${each(four, gold(at20))}.
- _At 40 %:_ ${each(four, gold(at40))}.
- _Further losses, 20 %:_ ${each(losses.slice(4), gold(at20))}.
- _By these intervals,_ of all nine at 20 %, SeRA gains on: ${sorted(losses, at20, "above")}; loses
  on: ${sorted(losses, at20, "below")}; neither is shown on: ${sorted(losses, at20, "open")}.
- _Attribution,_ mean over shared seeds: selection gives ${ofPart("selection")}; own pairs on top
  give ${ofPart("own")}.
- _Seeds that collapse_ with SeRA (alone), 20 %: ${
  losses.map(({ loss, alone, sera }) =>
    `${loss} ${fallen("noise-20", sera)} (${fallen("noise-20", alone)})`
  ).filter((text) => !text.includes("NaN")).join(", ") || "NaN"
}.
- _KL with SeRA (alone),_ 20 %: ${
  four.map(({ loss, alone, sera }) =>
    `${loss} ${at20.mean("kl", sera)} (${at20.mean("kl", alone)})`
  ).filter((text) => !text.includes("no runs")).join(", ") || "NaN"
} nats.`);

// cell 49
const won = winRates(opened, pairs).filter(({ condition }) => condition === "noise-20")
  .map(({ label, mean }) => `${label} ${(100 * (mean + 0.5)).toFixed(0)} %`).join(", ") || "NaN";
const named = { cdpo: "cDPO", rdpo: "rDPO", ropo: "ROPO", "dr-dpo": "Dr. DPO" };
const against = (at: Readings) =>
  Object.entries(named).map(([arm, name]) => `${name} ${at.difference("gold", arm, "dpo")}`)
    .join("; ");
await say(`**Beside other measures and other losses**

- _Win rates_ (mean over seeds, 20 %): ${won}.
- _Losses made for noise,_ minus plain DPO, 20 %: ${against(at20)}.
- _The same at 40 %:_ ${against(at40)}.
- _SeRA on DPO against them:_ SeRA − rDPO, which knows the flip rate, is
  ${at20.difference("gold", "sera", "rdpo")} at 20 %, ${at40.difference("gold", "sera", "rdpo")}
  at 40 %; SeRA − ROPO, which does not, ${at20.difference("gold", "sera", "ropo")} and
  ${at40.difference("gold", "sera", "ropo")}.`);

// cell 50
const shift = changed(["sera", "dpo"], "noise-20", "noise-20-anchored");
const words = {
  above: "raises SeRA's difference from DPO",
  below: "lowers SeRA's difference from DPO",
  open: "changes SeRA's difference from DPO by nothing that can be told from 0",
};
await say(`**Does it hang on the anchor?** (20 % flipped)

- _The anchor_ of 0.3 ${shift.words(words)}: by ${shift}, from ${gain} to ${held}. The paper has no
  anchor.
- _What it does to DPO itself:_ ${moved("dpo", "noise-20", "noise-20-anchored")} gold reward; to
  SeRA ${moved("sera", "noise-20", "noise-20-anchored")}; to IRM selection
  ${moved("irm-70", "noise-20", "noise-20-anchored")}.
- _It holds the policy:_ SeRA's KL is ${at20.mean("kl", "sera")} nats without and
  ${anchored.mean("kl", "sera")} with it (DPO ${at20.mean("kl", "dpo")} and
  ${anchored.mean("kl", "dpo")}), valid responses ${at20.mean("validRate", "sera")} and
  ${anchored.mean("validRate", "sera")}, seeds that collapse ${fallen("noise-20", "sera")} and
  ${fallen("noise-20-anchored", "sera")}.
- _Own labels:_ ${at20.mean("onPolicyWrong", "sera")} wrong without,
  ${anchored.mean("onPolicyWrong", "sera")} with it. With it, IRM − DPO is
  ${anchored.difference("gold", "irm-70", "dpo")}, SeRA − IRM
  ${anchored.difference("gold", "sera", "irm-70")}.`);

// cell 51
// "At SeRA's KL" means little before the whole of DPO's path was run.
const path = opened.plan.some(({ arm }) => arm === "dpo-steps-4") ? at20 : readings([], "");
const atItsKl = path.difference("gold", "sera", "dpo-at-kl");
const inTime = path.difference("gold", "sera", "dpo-at-time");
const farthest = Math.max(
  ...here.filter((row) => row.last && dpoPathIds.includes(row.arm)).map((row) => row.kl ?? NaN),
);
await say(`**More than moving further?** (20 % flipped)

- _At SeRA's KL:_ SeRA − DPO is ${atItsKl}, with ${path.difference("kl", "sera", "dpo-at-kl")} nats
  between them: SeRA's gold reward is ${atItsKl.words(than)} DPO's there. The farthest run of DPO's
  path ends at ${farthest.toFixed(1)} nats.
- _In SeRA's time:_ SeRA − DPO is ${inTime}: ${inTime.words(than)} DPO's. Training takes SeRA
  ${path.difference("totalTrainingSeconds", "sera", "dpo", { log: true })} of DPO's time; DPO with
  twice the steps is ${path.difference("gold", "dpo-steps-2", "dpo")} against DPO, with four times
  ${path.difference("gold", "dpo-steps-4", "dpo")}.
- _A higher rate_ for DPO: twice ${path.difference("gold", "dpo-rate-2", "dpo")}, four times
  ${path.difference("gold", "dpo-rate-4", "dpo")}, with ${path.mean("validRate", "dpo-rate-2")} and
  ${path.mean("validRate", "dpo-rate-4")} valid responses (DPO ${path.mean("validRate", "dpo")}).`);

// cell 52
const [hinge, raw] = [
  at20.difference("gold", "slic-sera", "slic"),
  at20.difference("gold", "slic-hf-sera", "slic-hf"),
];
const adds = { above: "gains", below: "loses", open: "is not told from the loss alone" };
await say(`**Two losses called SLiC** (20 % flipped)

- _With the reference_ (SLiC), SeRA ${hinge.words(adds)}: ${hinge}. _Zhao et al.'s form_ (SLiC-HF):
  SeRA ${raw.words(adds)}: ${raw}.
- _Against each other:_ SLiC-HF − SLiC is ${at20.difference("gold", "slic-hf", "slic")} alone,
  ${at20.difference("gold", "slic-hf-sera", "slic-sera")} with SeRA.
- _Length:_ SLiC-HF's reward correlates with length at
  ${at20.mean("rewardLengthCorrelation", "slic-hf")} over the held-out completions (SLiC
  ${at20.mean("rewardLengthCorrelation", "slic")}, DPO
  ${at20.mean("rewardLengthCorrelation", "dpo")}). In the pairs that IRM keeps, the chosen response
  is longer by ${at20.mean("lengthDifferenceSelected", "slic-hf-irm")} tokens under SLiC-HF, by
  ${at20.mean("lengthDifferenceSelected", "slic-irm")} under SLiC. Responses with SeRA are
  ${at20.mean("length", "slic-hf-sera")} tokens long under SLiC-HF (alone
  ${at20.mean("length", "slic-hf")}), ${at20.mean("length", "slic-sera")} under SLiC (alone
  ${at20.mean("length", "slic")}).`);

// cell 55
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

// cell 57
const mine = withArms(noise, {
  id: "mine",
  label: "mine",
  sera: { ...methods.sera, nllAlpha: 0.1 },
});
const own = await watchStudy(mine, {
  preset: parameters.preset,
  arms: ["mine"],
  conditions: ["noise-20"],
  seeds: 2,
  records: "../.cache/your-turn",
  plot: (soFar) =>
    linePlot(soFar, { title: "Mine so far", x: "iteration", y: "gold", yTitle: "gold reward" }),
});

// cell 58
const beside = [...rows, ...own.rows].filter((row) => row.condition === "noise-20");
await show(
  () =>
    intervalPlot(
      contrasts({ rows: beside, study: mine }, "gold", [["mine", "dpo"], ["mine", "sera"], [
        "sera",
        "dpo",
      ], ["irm-70", "dpo"]]),
      {
        title: "Mine beside the published arms, 20 % flipped",
        xTitle: "difference in gold reward",
      },
    ),
  { id: "noise_your_turn" },
);
export {};
