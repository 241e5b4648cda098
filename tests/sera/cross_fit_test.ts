/** Cross-fitted margins: who sees what, and that nothing else changes. */
import assert from "node:assert/strict";
import type { TokenizedPair } from "../../lib/data/preference.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { assignFolds } from "../../lib/selection/cross_fit.ts";
import {
  DiskStore,
  emptyDisk,
  Killed,
  type Outcome,
  PAIRS,
  rowsOf,
  run,
  runPlain,
} from "./sera_run.ts";

const FOLDS = 2;
/** Two iterations without bootstrapping: what decides the margins at t = 2, and no more. */
const SHORT = { iterations: 2, bootstrap: null } as const;

/** The fold of each pair: the same draw as the run's, with a prompt of its own for every pair. */
const foldOf = assignFolds(PAIRS.map((_, i) => i), FOLDS, createPrng(0, "folds"));

function marginsAt2({ iterations }: Outcome): readonly number[] {
  const margins = iterations[1]?.margins;
  assert.ok(margins);
  return margins;
}

/** The pairs with the label of one swapped. */
function withSwapped(index: number): TokenizedPair[] {
  return PAIRS.map((pair, i) =>
    i === index ? { ...pair, chosenIds: pair.rejectedIds, rejectedIds: pair.chosenIds } : pair
  );
}

Deno.test("off, a run asks for no shadow; on, iteration 1 and the policy's own steps stay the same", async () => {
  const off = new DiskStore();
  const plain = await run({ bootstrap: null }, {}, off);
  assert.equal(off.disk.parts.size, 0);
  assert.ok(off.calls.every((name) => !name.includes("fold")));

  const store = new DiskStore();
  const fitted = await run({ bootstrap: null, crossFit: FOLDS }, {}, store);
  assert.deepEqual(fitted.iterations[0], plain.iterations[0]);
  assert.deepEqual(rowsOf(fitted, 1), rowsOf(plain, 1));
  assert.notDeepEqual(marginsAt2(fitted), marginsAt2(plain));
  assert.equal(fitted.rows.length, plain.rows.length, "shadows' steps are not the policy's");

  // Every pair kept: the margins decide nothing, and policy and bootstrapping stay bit for bit.
  const all = { selection: { rule: "all" } } as const;
  const [kept, keptFitted] = [await run(all), await run({ ...all, crossFit: FOLDS })];
  assert.deepEqual(keptFitted.weights, kept.weights);
  assert.deepEqual(keptFitted.rows, kept.rows);
  assert.ok((kept.iterations[2]?.generated.length ?? 0) > 0);
  assert.deepEqual(
    keptFitted.iterations.map(({ generated }) => generated),
    kept.iterations.map(({ generated }) => generated),
  );
});

Deno.test("at t = 2 a pair's margin does not depend on its own label, nor on its fold's", async () => {
  const before = marginsAt2(await run({ ...SHORT, crossFit: FOLDS }));
  const plainBefore = marginsAt2(await run(SHORT));
  for (const index of [0, 1, 7]) {
    const pairs = withSwapped(index);
    const after = marginsAt2(await run({ ...SHORT, crossFit: FOLDS }, { pairs }));
    before.forEach((margin, i) => {
      const change = Math.abs((after[i] ?? NaN) - (i === index ? -margin : margin));
      // Swapped completions lie elsewhere in the packed batch: rounding is all that may differ.
      if (margin === 0) return; // both completions are the same
      if (foldOf[i] === foldOf[index]) assert.ok(change < 1e-6, `${index}: pair ${i}, ${change}`);
      else assert.ok(change > 1e-4, `${index}: pair ${i} was trained on it, ${change}`);
    });
    const plainAfter = marginsAt2(await run(SHORT, { pairs }));
    const [was, is] = [plainBefore[index] ?? NaN, plainAfter[index] ?? NaN];
    assert.ok(is + was > 1e-2, `without folds both labels look right: ${was}, then ${is}`);
  }
});

Deno.test("shadows take as many steps as the policy, in other orders, and none after the last margins", async () => {
  const store = new DiskStore();
  const { rows } = await run({ crossFit: FOLDS }, {}, store);
  assert.deepEqual([...store.disk.parts.keys()], ["fold-0", "fold-1"]);
  for (const { policies, rows: own } of store.disk.parts.values()) {
    assert.deepEqual([...policies.keys()], [1, 2]);
    assert.deepEqual(
      own.map(({ iteration, step, learningRate }) => [iteration, step, learningRate]),
      rows.filter(({ iteration }) => iteration < 3)
        .map(({ iteration, step, learningRate }) => [iteration, step, learningRate]),
    );
    assert.notDeepEqual(own.map(({ loss }) => loss), rows.slice(0, 6).map(({ loss }) => loss));
  }
});

Deno.test("shadows start where the policy does: at the shadow before, or at SFT", async () => {
  for (const initial of ["previous", "sft"] as const) {
    const store = new DiskStore();
    await runPlain({ crossFit: FOLDS, initial }, {}, store);
    for (const { rows } of store.disk.parts.values()) {
      const { margin } = rows.find((row) => row.iteration === 2 && row.step === 1)!;
      // Against SFT, a policy at SFT has no margin.
      assert.equal(Math.abs(margin) < 1e-5, initial === "sft", `${initial}: ${margin}`);
    }
  }
});

Deno.test("killed at any call to the store that shadows make, a run ends bit for bit the same", async () => {
  const changes = { crossFit: FOLDS, steps: 2 };
  const quiet = new DiskStore();
  const expected = await run(changes, {}, quiet);
  assert.ok(quiet.calls.some((name) => name.startsWith("fold-1 step 2.")));
  for (const [call, name] of quiet.calls.entries()) {
    if (!name.includes("fold-")) continue;
    const when = call % 2 === 0 ? "before" : "after";
    const disk = emptyDisk();
    await assert.rejects(
      run(changes, {}, new DiskStore(disk, { kill: { call, when } })),
      Killed,
    );
    const resumed = await run(changes, {}, new DiskStore(disk));
    assert.deepEqual(resumed, expected, `killed ${when} ${name}`);
  }
});

Deno.test("what cannot be cross-fitted is refused", async () => {
  await assert.rejects(run({ crossFit: 11 }), /11 folds needs at least as many .* prompts, got 10/);
  // One pair is kept: the shadow of its fold has none.
  const keep = { ...SHORT, iterations: 3, selection: { rule: "top", keep: { count: 1 } } } as const;
  await assert.rejects(run({ ...keep, crossFit: FOLDS }), /fold . of 2, .* no pair is left/);
});
