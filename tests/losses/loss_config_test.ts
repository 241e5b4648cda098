import assert from "node:assert/strict";
import { UserError } from "../../lib/errors.ts";
import {
  defaultLossConfig,
  lossConfigFromOptions,
  lossOptionNames,
  needsMismatched,
  referencePointOf,
  rewardOf,
  usesReference,
} from "../../lib/losses/loss_config.ts";
import { projectRoot } from "../../lib/engine/layout.ts";
import { type LossConfig, lossNames, lossTable } from "../../lib/losses/loss_table.ts";
import { withNllAnchor } from "../../lib/losses/nll_anchor.ts";
import { pairLoss } from "../../lib/losses/pair_loss.ts";
import type { PairLogps } from "../../lib/losses/types.ts";
import { allLossCases, assertClose, batchOf, lossCases, randomRows } from "./loss_cases.ts";

const batch = batchOf(randomRows(6, 5));

Deno.test("the defaults are those of the papers", () => {
  assert.deepEqual(lossNames.map((name): LossConfig => defaultLossConfig(name)), [
    { name: "dpo", beta: 0.1 },
    { name: "ipo", tau: 0.1, average: false },
    { name: "slic", beta: 0.1 },
    { name: "kto", beta: 0.1, desirableWeight: 1, undesirableWeight: 1 },
    { name: "r-dpo", beta: 0.1, alpha: 0.01 },
    { name: "length-normalised-dpo", beta: 5 },
    { name: "slic-hf", margin: 1, lambda: 0.1 },
    { name: "simpo", beta: 2, gammaMarginRatio: 0.25 },
    { name: "cpo", beta: 0.1, alpha: 1 },
    { name: "orpo", lambda: 0.1 },
    { name: "cdpo", beta: 0.1, epsilon: 0.1 },
    { name: "rdpo", beta: 0.1, epsilon: 0.1 },
    { name: "ropo", beta: 0.1, alpha: 14 },
    { name: "dr-dpo", beta: 0.1, betaPrime: 1 },
    {
      ...{ name: "wdpo" as const, beta: 0.1, flipBudget: 0.15, flipTemperature: 1 },
      ...{ tailQuantile: 0.7, capBudget: 0.5, warmup: 0.3 },
    },
  ]);
});

Deno.test("every option is checked, has a default, and is moved by the cases of the other tests", () => {
  for (const name of lossNames) {
    const defaults: Record<string, unknown> = { ...defaultLossConfig(name) };
    const options = lossOptionNames(name);
    assert.deepEqual(["name", ...options].sort(), Object.keys(defaults).sort());
    assert.equal(defaults.name, name);
    assert.ok(lossTable[name].title.length > 0 && lossTable[name].source.length > 0);
    for (const option of options) {
      const values = lossCases[name].map((config) =>
        (config as unknown as typeof defaults)[option]
      );
      assert.ok(values.some((value) => value !== defaults[option]), `${name}.${option}`);
      for (const bad of [NaN, Infinity, -1, "1" as unknown as number]) {
        assert.throws(
          () => lossConfigFromOptions(name, { [option]: bad }),
          (error) => error instanceof UserError && error.message.includes(`option "${option}"`),
        );
      }
    }
  }
});

Deno.test("options replace defaults; undefined leaves them", () => {
  assert.deepEqual(lossConfigFromOptions("simpo", { beta: 3, gammaMarginRatio: undefined }), {
    name: "simpo",
    beta: 3,
    gammaMarginRatio: 0.25,
  });
  assert.deepEqual(lossConfigFromOptions("dpo"), defaultLossConfig("dpo"));
});

Deno.test("a wrong loss, option or value is named", () => {
  const throwsUser = (run: () => unknown, message: RegExp): void =>
    assert.throws(run, (error) => error instanceof UserError && message.test(error.message));
  throwsUser(() => lossConfigFromOptions("ppo"), /^unknown loss "ppo"; the losses are dpo, ipo, /);
  throwsUser(() => lossConfigFromOptions("toString"), /^unknown loss "toString"/);
  throwsUser(
    () => lossConfigFromOptions("simpo", { gamma: 0.3 }),
    /^loss "simpo" has no option "gamma"; its options are "beta", "gammaMarginRatio"$/,
  );
  throwsUser(() => lossConfigFromOptions("dpo", { name: 1 }), /no option "name"/);
  throwsUser(
    () => lossConfigFromOptions("rdpo", { epsilon: 0.5 }),
    /^option "epsilon" of loss "rdpo" is 0.5; it must be in \[0, 0.5\)$/,
  );
  throwsUser(() => lossConfigFromOptions("dpo", { beta: 0 }), /"beta" of loss "dpo" is 0/);
  throwsUser(() => lossConfigFromOptions("ipo", { average: 1 }), /must be true or false/);
  throwsUser(() => pairLoss({ name: "dpo", beta: -1 }, batch), /"beta" of loss "dpo" is -1/);
});

Deno.test("a loss names the array and index of what it cannot use", () => {
  const config = defaultLossConfig("dpo");
  type Arrays = Exclude<keyof PairLogps, "referencePoint">;
  const broken = (change: Partial<Record<Arrays, number[]>>): PairLogps => ({
    ...batch,
    ...Object.fromEntries(
      Object.entries(change).map(([name, values]) => [name, Float64Array.from(values)]),
    ),
  });
  const { referencePoint: _, ...arrays } = batch;
  for (const name of Object.keys(arrays) as Arrays[]) {
    assert.throws(() => pairLoss(config, broken({ [name]: [1, 2] })), RangeError, name);
  }
  assert.throws(
    () => pairLoss(config, broken({ referenceRejectedLogps: [-1, -2, -3, NaN, -5, -6] })),
    (error) =>
      error instanceof UserError && error.message.startsWith("referenceRejectedLogps[3] is NaN"),
  );
  assert.throws(
    () => pairLoss(config, broken({ policyChosenLogps: [-1, -Infinity, -3, -1, -5, -6] })),
    /policyChosenLogps\[1\] is -Infinity/,
  );
  for (const bad of [0, -1, 1.5, NaN]) {
    assert.throws(
      () => pairLoss(config, broken({ rejectedLengths: [1, 1, bad, 1, 1, 1] })),
      /rejectedLengths\[2\]/,
    );
  }
  assert.throws(() => pairLoss(config, batchOf([])), /at least one pair/);
});

Deno.test("KTO without the batch's reference point, or with one that is not finite, is an error", () => {
  const { referencePoint: _, ...without } = batch;
  const config = defaultLossConfig("kto");
  assert.throws(() => pairLoss(config, without), /kto needs the batch's referencePoint/);
  assert.throws(
    () => pairLoss(config, { ...batch, referencePoint: NaN }),
    (error) =>
      error instanceof UserError && error.message.includes("reference point of kto is NaN"),
  );
  // Losses without one do not read it.
  const dpo = defaultLossConfig("dpo");
  assert.deepEqual(pairLoss(dpo, without), pairLoss(dpo, batch));
  assert.deepEqual(lossNames.filter((name) => needsMismatched(defaultLossConfig(name))), ["kto"]);
  const of = (...values: number[]) => Float64Array.from(values);
  assert.equal(referencePointOf(config, of(-3, -5), of(-4, -7)), 1.5);
  assert.equal(
    referencePointOf(config, of(-4, -7), of(-3, -5)),
    0,
    "an estimate below 0 counts as 0",
  );
  assert.throws(() => referencePointOf(dpo, of(-1), of(-1)), /dpo has no reference point/);
});

Deno.test("reference-free losses do not read the reference, the others do", () => {
  const none = new Float64Array(0);
  const without = { ...batch, referenceChosenLogps: none, referenceRejectedLogps: none };
  const other = {
    ...batch,
    referenceChosenLogps: batch.referenceChosenLogps.map((logp) => logp - 1),
  };
  for (const config of allLossCases) {
    const expected = pairLoss(config, batch);
    if (usesReference(config)) {
      assert.throws(() => pairLoss(config, without), /referenceChosenLogps has 0 entries/);
      assert.notDeepEqual(pairLoss(config, other).margins, expected.margins);
    } else {
      assert.deepEqual(pairLoss(config, without), expected);
      assert.deepEqual(pairLoss(config, other), expected);
    }
  }
});

Deno.test("rewards are those of rewardOf, by the formula of each loss", () => {
  // l = -6, reference -8, 4 tokens
  const expected: [LossConfig, number][] = [
    [{ name: "dpo", beta: 0.5 }, 1],
    [{ name: "ipo", tau: 0.5, average: false }, 1],
    [{ name: "ipo", tau: 0.5, average: true }, 0.25],
    [{ name: "slic-hf", margin: 1, lambda: 0.1 }, -6],
    [{ name: "simpo", beta: 2, gammaMarginRatio: 0.25 }, -3],
    [{ name: "length-normalised-dpo", beta: 5 }, 2.5],
    [{ name: "r-dpo", beta: 0.5, alpha: 0.25 }, 2],
    [{ name: "cpo", beta: 0.5, alpha: 1 }, -3],
  ];
  for (const [config, reward] of expected) {
    assert.equal(rewardOf(config)(-6, -8, 4), reward, config.name);
    const out = pairLoss(config, batchOf([[-6, -7, -8, -9, 4, 3]]));
    assert.equal(out.chosenRewards[0], reward);
    assert.equal(out.rejectedRewards[0], rewardOf(config)(-7, -9, 3));
  }
  // ORPO: the odds of a mean token probability of 1/5 are 1/4.
  assertClose(
    rewardOf(defaultLossConfig("orpo"))(-3 * Math.log(5), 0, 3),
    -Math.log(4),
    1e-15,
    "orpo",
  );
});

Deno.test("ORPO: answers as certain as float32 can tell pull no more than its resolution", () => {
  for (const [chosen, rejected] of [[0, 0], [-20, 0], [0, -20]] as const) {
    const out = pairLoss(defaultLossConfig("orpo"), batchOf([[chosen, rejected, 0, 0, 10, 10]]));
    for (const gradient of [...out.chosenGrads, ...out.rejectedGrads]) {
      assert.ok(Math.abs(gradient) < 2 ** 24, `${chosen}, ${rejected}: ${gradient}`);
    }
  }
});

Deno.test("the NLL anchor adds alpha times the chosen NLL per token, and nothing at 0", () => {
  const losses = pairLoss(defaultLossConfig("dpo"), batchOf([[-6, -7, -8, -9, 4, 3]]));
  const logps = batchOf([[-6, -7, -8, -9, 4, 3]]);
  const anchored = withNllAnchor(losses, logps, 0.5);
  assert.equal(anchored.losses[0], (losses.losses[0] as number) + 0.75);
  assert.equal(anchored.chosenGrads[0], (losses.chosenGrads[0] as number) - 0.125);
  assert.deepEqual(anchored.rejectedGrads, losses.rejectedGrads);
  assert.deepEqual(anchored.margins, losses.margins);
  assert.deepEqual(withNllAnchor(losses, logps, 0), losses);
  for (const bad of [-0.1, NaN, Infinity]) {
    assert.throws(() => withNllAnchor(losses, logps, bad), UserError);
  }
  assert.throws(() => withNllAnchor(losses, batch, 0.1), RangeError);
});

Deno.test("the reference lists every loss with its options and their defaults", async () => {
  const text = await Deno.readTextFile(`${projectRoot}docs/reference.md`);
  const rows = text.split("\n## Losses and their options\n")[1]?.split("\n## ")[0] ?? "";
  const found = [...rows.matchAll(/^\| `([a-z][\w-]*)` +\| (.*?) +\|/gm)].map((
    [, name, options = ""],
  ) => [
    name,
    Object.fromEntries(
      [...options.matchAll(/`(\w+)` ([\w.]+)/g)].map(([, key, value = ""]) => [
        key,
        JSON.parse(value),
      ]),
    ),
  ]);
  const expected = lossNames.map((name) => {
    const { name: _name, ...options } = lossTable[name].defaults;
    return [name, options];
  });
  assert.deepEqual(Object.fromEntries(found), Object.fromEntries(expected));
});
