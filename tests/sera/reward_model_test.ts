/** The explicit reward model: its gradient, what it learns, and that a killed run loses nothing. */
import assert from "node:assert/strict";
import type { TokenizedPair } from "../../lib/data/preference.ts";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import type { LanguageModel } from "../../lib/policy/language_model.ts";
import { sequenceLogps } from "../../lib/policy/sequence_logps.ts";
import { silentProgress } from "../../lib/progress/progress_sink.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { rankAuc } from "../../lib/selection/rank_auc.ts";
import { seraConfig, type SeraOptions } from "../../lib/sera/config.ts";
import { rewardGroup, rewardOfLogps, rewardStep } from "../../lib/sera/reward_step.ts";
import { MemoryStore } from "../../lib/sera/store.ts";
import { trainRewardModel } from "../../lib/sera/train_reward_model.ts";
import { AdamW, DEFAULT_ADAMW } from "../../lib/training/adamw.ts";
import { fullModel } from "../policy/random_model.ts";
import { assertUserError } from "../support/errors.ts";
import { DiskStore, emptyDisk, Killed, PAIRS, run } from "./sera_run.ts";

await loadEngine();

const RULE = { selection: { rule: "top", keep: 0.5, by: "explicit" }, rewardModel: {} } as const;

/** Rewards of both responses of each pair, scored alone. */
async function marginsUnder(
  model: LanguageModel,
  pairs: readonly TokenizedPair[],
): Promise<number[]> {
  const logps = await sequenceLogps(
    model,
    pairs.flatMap((pair) => [
      rewardGroup(pair.promptIds, pair.chosenIds),
      rewardGroup(pair.promptIds, pair.rejectedIds),
    ]),
  );
  return pairs.map((_, i) => rewardOfLogps(logps[2 * i]!) - rewardOfLogps(logps[2 * i + 1]!));
}

/** Random responses; the chosen one has token 7 in it. */
function separable(count: number, seed: number): TokenizedPair[] {
  return Array.from({ length: count }, (_, i) => {
    const prng = createPrng(seed, "separable", i);
    const ids = (n: number) => Int32Array.from({ length: n }, () => 8 + prng.integer(30));
    const chosenIds = ids(3);
    chosenIds[prng.integer(3)] = 7;
    return { id: `${i}`, promptIds: ids(2), chosenIds, rejectedIds: ids(3) };
  });
}

Deno.test("the gradient of a step is that of the mean Bradley-Terry loss", async () => {
  const batch = PAIRS.slice(1, 4);
  const model = await fullModel();
  const before = await model.snapshot();
  const loss = async () =>
    (await marginsUnder(model, batch))
      .reduce((sum, margin) => sum + Math.log1p(Math.exp(-margin)), 0) / batch.length;
  // AdamW's first step is g / (|g| + epsilon): with epsilon 1 and rate 1, g can be read off.
  const step = async (maxRows: number) => {
    model.restore(before);
    const optimiser = new AdamW(model, { ...DEFAULT_ADAMW, epsilon: 1, maxGradNorm: 0 });
    const done = await rewardStep(model, optimiser, batch, 1, { maxRows });
    optimiser.dispose();
    return { done, after: await model.snapshot() };
  };
  const { done, after } = await step(Infinity);
  assert.ok(
    Math.abs(done.losses.reduce((a, b) => a + b) / 3 - (model.restore(before), await loss())) <
      1e-5,
  );
  const margins = await marginsUnder(model, batch);
  done.margins.forEach((margin, i) => assert.ok(Math.abs(margin - margins[i]!) < 1e-5));
  let norm = 0;
  const largest: { name: string; at: number; gradient: number }[] = [];
  for (const [name, { data }] of before) {
    data.forEach((value, at) => {
      const moved = value - after.get(name)!.data[at]!;
      const gradient = moved / (1 - Math.abs(moved));
      norm += gradient ** 2;
      largest.push({ name, at, gradient });
    });
  }
  assert.ok(Math.abs(Math.sqrt(norm) / done.gradientNorm - 1) < 1e-3, `${done.gradientNorm}`);
  largest.sort((a, b) => Math.abs(b.gradient) - Math.abs(a.gradient));
  for (const { name, at, gradient } of [...largest.slice(0, 6), ...largest.slice(40, 44)]) {
    const lossAt = async (change: number) => {
      const moved = new Map([...before].map(([key, { shape, data }]) => [
        key,
        { shape, data: data.map((value, i) => key === name && i === at ? value + change : value) },
      ]));
      model.restore(moved);
      return await loss();
    };
    const h = 1e-2;
    const slope = (await lossAt(h) - await lossAt(-h)) / (2 * h);
    assert.ok(
      Math.abs(slope - gradient) < 2e-4 + 0.01 * Math.abs(gradient),
      `${name}[${at}]: ${gradient}, by differences ${slope}`,
    );
  }
  // However the batch is split, both responses of a pair stay in one pass.
  const split = await step(1);
  assert.ok(Math.abs(split.done.gradientNorm / done.gradientNorm - 1) < 1e-4);
  assert.equal(split.done.margins.length, 3);
  model.dispose();
});

Deno.test("it learns what tells the responses apart, a tenth of the labels wrong", async () => {
  const model = await fullModel();
  const pairs = separable(160, 1).map((pair, i) =>
    i % 10 === 0
      ? { ...pair, chosenIds: pair.rejectedIds, rejectedIds: pair.chosenIds, flipped: true }
      : pair
  );
  const unseen = separable(60, 2);
  const right = async () =>
    (await marginsUnder(model, unseen)).filter((margin) => margin > 0).length / unseen.length;
  const config = { ...seraConfig({ batch: 16, schedule: "constant", warmup: 0 }) };
  const store = new MemoryStore();
  await trainRewardModel(model, pairs, { ...config, steps: 40, learningRate: 0.01 }, {
    ...{ seed: 3, store, progress: silentProgress },
  });
  const after = await right();
  assert.ok(after > 0.9, `${after} of the unseen pairs are ranked rightly`);
  // Of the pairs that it was trained on, the flipped ones have the lowest margins.
  const margins = await marginsUnder(model, pairs);
  const auc = rankAuc(Float64Array.from(margins), pairs.map((_, i) => i % 10 !== 0));
  assert.ok(auc! > 0.75, `${auc}`);
  const rows = await store.rows(1);
  assert.equal(rows.length, 40);
  assert.ok(rows.slice(-10).every(({ loss }) => loss < rows[0]!.loss));
  model.dispose();
});

Deno.test("a rule by explicit margins keeps the largest; training is charged to scoring, once", async () => {
  const store = new DiskStore();
  const changes = { ...RULE, bootstrap: null } as const;
  const explicit = await run(changes, {}, store);
  const plain = await run({ bootstrap: null });
  assert.deepEqual(explicit.iterations[0], plain.iterations[0], "iteration 1 knows nothing of it");
  const logps = JSON.parse(store.disk.values.get("logps/reward-model-offline-0")!).value as
    | [number, number][]
    | undefined;
  assert.ok(logps);
  const margins = PAIRS.map((_, i) =>
    rewardOfLogps(logps[2 * i]!) - rewardOfLogps(logps[2 * i + 1]!)
  );
  const best = [...margins.keys()].sort((a, b) => margins[b]! - margins[a]!).slice(0, 5);
  for (const { selected } of explicit.iterations.slice(1)) {
    assert.deepEqual(selected, best.toSorted((a, b) => a - b));
  }
  const rank = (flipped: boolean) => margins.filter((_, i) => PAIRS[i]!.flipped === flipped);
  const wins = rank(false).flatMap((right) =>
    rank(true).map((wrong) => right > wrong ? 1 : right === wrong ? 0.5 : 0)
  );
  const auc = wins.reduce<number>((a, b) => a + b, 0) / wins.length;
  assert.ok(Math.abs(explicit.iterations[1]!.metrics.scoreAuc! - auc) < 1e-12);
  assert.equal(explicit.iterations[0]!.metrics.scoreAuc, null);
  assert.equal(plain.iterations[1]!.metrics.scoreAuc, plain.iterations[1]!.metrics.marginAuc);
  assert.equal(store.disk.parts.get("reward-model")!.rows.length, 3, "as many steps as the policy");
  assert.equal(store.calls.filter((name) => name === "reward-model save 1").length, 1);

  const longer = new DiskStore();
  await run({ ...changes, rewardModel: { steps: 5, learningRate: 1e-3 } }, {}, longer);
  const { rows } = longer.disk.parts.get("reward-model")!;
  assert.deepEqual([rows.length, Math.max(...rows.map((row) => row.learningRate))], [5, 1e-3]);
});

Deno.test("as the judge it rewards the policy's responses; past policies are then not asked", async () => {
  const store = new DiskStore();
  const changes = { bootstrap: { judge: "explicit" }, rewardModel: {} } as const;
  const { iterations } = await run(changes, {}, store);
  const own = iterations.slice(1).flatMap(({ generated }) => generated);
  assert.ok(own.length > 0);
  const name = (t: number) => `logps/reward-model-responses-${t}-0`;
  for (const t of [2, 3]) {
    const logps = JSON.parse(store.disk.values.get(name(t))!).value as [number, number][];
    const rewards = logps.map(rewardOfLogps);
    for (const { chosenReward, rejectedReward } of iterations[t - 1]!.generated) {
      assert.ok(rewards.includes(chosenReward) && rewards.includes(rejectedReward));
      assert.ok(chosenReward > rejectedReward);
    }
  }
  assert.ok(![...store.disk.values.keys()].some((key) => /policy-\d-responses/.test(key)));
});

Deno.test("killed at any call that the reward model makes, a run ends bit for bit the same", async () => {
  const changes: SeraOptions = { ...RULE, steps: 2, bootstrap: { judge: "explicit" } };
  const quiet = new DiskStore();
  const expected = await run(changes, {}, quiet);
  assert.ok(quiet.calls.includes("reward-model step 1.2"));
  for (const [call, name] of quiet.calls.entries()) {
    if (!name.includes("reward-model")) continue;
    const when = call % 2 === 0 ? "before" : "after";
    const disk = emptyDisk();
    await assert.rejects(run(changes, {}, new DiskStore(disk, { kill: { call, when } })), Killed);
    assert.deepEqual(
      await run(changes, {}, new DiskStore(disk)),
      expected,
      `killed ${when} ${name}`,
    );
  }
});

Deno.test("a reward model that diverges is named", async () => {
  await assertUserError(
    () => run({ ...RULE, maxGradNorm: 0, rewardModel: { learningRate: 1e30, steps: 9 } }),
    "reward model, step",
    "lower rewardModel.learningRate",
  );
});
