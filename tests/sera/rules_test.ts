/** Rival rules in a run: what they rank by, recomputed from what the run's store holds. */
import assert from "node:assert/strict";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { assignFolds } from "../../lib/selection/cross_fit.ts";
import { assertUserError } from "../support/errors.ts";
import { DiskStore, EVALUATION, GOLD, PAIRS, run, SERA } from "./sera_run.ts";

await loadEngine();

type Both = readonly [chosen: number, rejected: number];
const BETA = 0.5;
const FOLDS = 2;
const foldOf = assignFolds(PAIRS.map((_, i) => i), FOLDS, createPrng(0, "folds"));
const short = { iterations: 2, bootstrap: null } as const;

function kept(store: DiskStore, name: string): Both[] {
  const found = JSON.parse(store.disk.values.get(`logps/${name}-0`)!);
  return found.value;
}

function marginsOf(logps: readonly Both[], sft: readonly Both[]): number[] {
  return logps.map(([chosen, rejected], i) => BETA * (chosen - sft[i]![0] - rejected + sft[i]![1]));
}

/** Ranks by falling value. */
function ranks(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((a, b) => values[b]! - values[a]! || a - b);
  return values.map((_, i) => order.indexOf(i));
}

Deno.test("votes: every shadow scores every pair, the sign of its margin is its vote", async () => {
  assert.equal((SERA.loss as { beta: number }).beta, BETA);
  const store = new DiskStore();
  const selection = { rule: "top", keep: 0.4, by: "votes" } as const;
  const { iterations } = await run({ ...short, selection, crossFit: FOLDS }, {}, store);
  const sft = kept(store, "sft-offline");
  const shadows = [0, 1].map((fold) => marginsOf(kept(store, `fold-${fold}-1-all`), sft));
  const before = (a: number, b: number) => {
    const votes = (i: number) => shadows.filter((own) => own[i]! > 0).length;
    const mean = (i: number) => shadows.reduce((sum, own) => sum + own[i]!, 0) / FOLDS;
    return votes(b) - votes(a) || mean(b) - mean(a);
  };
  const best = [...PAIRS.keys()].sort(before).slice(0, 4).sort((a, b) => a - b);
  assert.deepEqual(iterations[1]!.selected, best);
  // The margins that are told are still those of the shadow that never saw the pair.
  iterations[1]!.margins!.forEach((margin, i) =>
    assert.ok(Math.abs(margin - shadows[foldOf[i]!]![i]!) < 1e-12)
  );
});

Deno.test("LossDiff-IRM: in-sample loss minus that of the shadow, and the in-sample margin", async () => {
  const store = new DiskStore();
  const selection = { rule: "lossdiff-irm", keep: 0.4 } as const;
  const { iterations } = await run({ ...short, selection, crossFit: FOLDS }, {}, store);
  const sft = kept(store, "sft-offline");
  const own = marginsOf(kept(store, "policy-1-offline"), sft);
  const byFold = [0, 1].map((fold) => kept(store, `fold-${fold}-1-offline`));
  const taken = [0, 0];
  const heldOut = marginsOf(PAIRS.map((_, i) => byFold[foldOf[i]!]![taken[foldOf[i]!]!++]!), sft);
  const loss = (margin: number) => Math.log1p(Math.exp(-margin));
  const difference = own.map((margin, i) => loss(margin) - loss(heldOut[i]!));
  // Ten pairs: the band of half-width w around rank 4.25.
  const [x, y] = [ranks(difference), ranks(own)];
  const far = PAIRS.map((_, i) => Math.max(Math.abs(x[i]! - 4.25), Math.abs(y[i]! - 4.25)));
  const best = [...PAIRS.keys()].sort((a, b) => far[a]! - far[b]! || a - b).slice(0, 4);
  assert.deepEqual(iterations[1]!.selected, best.sort((a, b) => a - b));
});

Deno.test("alignment potential joins both margins", async () => {
  const store = new DiskStore();
  const selection = { rule: "top", keep: 0.4, by: "explicit-minus-implicit" } as const;
  const { iterations } = await run({ ...short, selection, rewardModel: {} }, {}, store);
  const logps = kept(store, "reward-model-offline");
  const explicit = PAIRS.map((_, i) => {
    const [w, l] = [logps[2 * i]!, logps[2 * i + 1]!];
    return w[0] - w[1] - l[0] + l[1];
  });
  const z = (values: readonly number[]) => {
    const mean = values.reduce((a, b) => a + b) / values.length;
    const sd = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
    return values.map((value) => (value - mean) / sd);
  };
  const current = z(iterations[1]!.margins!.map(Math.abs));
  const potential = z(explicit).map((value, i) => value - current[i]!);
  const rank = ranks(potential);
  assert.deepEqual(iterations[1]!.selected, [...PAIRS.keys()].filter((i) => rank[i]! < 4));
});

Deno.test("a random draw is new in each iteration, or fixed", async () => {
  const drawn = async (fixed: boolean) => {
    const selection = { rule: "random", keep: 0.5, ...(fixed ? { fixed } : {}) } as const;
    const { iterations } = await run({ iterations: 4, bootstrap: null, selection });
    return iterations.slice(1).map(({ selected }) => selected);
  };
  const [a, b, c] = await drawn(true);
  assert.equal(a!.length, 5);
  assert.deepEqual([b, c], [a, a]);
  const anew = await drawn(false);
  assert.ok(new Set(anew.map((selected) => selected.join())).size > 1, `${anew}`);
});

Deno.test("the oracle knows flips, or what gold reward says", async () => {
  const selected = async (truth: "flip" | "gold") => {
    const selection = { rule: "oracle", keep: 1, fill: false, order: "random", truth } as const;
    return (await run({ ...short, selection }, { evaluation: EVALUATION })).iterations[1]!.selected;
  };
  assert.deepEqual(await selected("flip"), [...PAIRS.keys()].filter((i) => !PAIRS[i]!.flipped));
  const gold = (ids: Int32Array) => GOLD.reward(new Int32Array(), ids);
  const right = [...PAIRS.keys()].filter((i) =>
    gold(PAIRS[i]!.chosenIds) >= gold(PAIRS[i]!.rejectedIds)
  );
  assert.ok(right.length > 0 && right.length < PAIRS.length);
  assert.deepEqual(await selected("gold"), right);
});

Deno.test("matched keeps as many flips as the largest margins have", async () => {
  const selection = { rule: "matched", keep: 0.5 } as const;
  const { iterations } = await run({ ...short, selection });
  const { margins, selected } = iterations[1]!;
  const rank = ranks(margins!);
  const flips = (indices: readonly number[]) => indices.filter((i) => PAIRS[i]!.flipped).length;
  assert.equal(selected.length, 5);
  assert.equal(flips(selected), flips([...PAIRS.keys()].filter((i) => rank[i]! < 5)));
});

Deno.test("a rule is refused where what it asks is not there", async () => {
  const { flipped: _, ...unknown } = PAIRS[0]!;
  const pairs = [...PAIRS.slice(1), unknown];
  for (const rule of ["oracle", "matched"] as const) {
    await assertUserError(
      () => run({ selection: { rule, keep: 0.5 } }, { pairs }),
      `the ${rule} rule needs pairs whose flips are known`,
    );
  }
  await assertUserError(
    () => run({ selection: { rule: "oracle", keep: 0.5, truth: "gold" } }),
    'truth "gold" needs a gold reward',
  );
});

Deno.test("the shortest chosen responses are kept", async () => {
  const selection = { rule: "shortest", keep: 0.4 } as const;
  const { iterations } = await run({ ...short, selection }, {}, new DiskStore());
  const length = (i: number) => PAIRS[i]!.chosenIds.length;
  const best = [...PAIRS.keys()].sort((a, b) => length(a) - length(b) || a - b).slice(0, 4);
  assert.deepEqual(iterations[1]!.selected, best.sort((a, b) => a - b));
  assert.ok(new Set(PAIRS.map((_, i) => length(i))).size > 1);
});
