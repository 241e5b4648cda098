/** What each iteration of SeRA trains on, starts from and measures against. */
import assert from "node:assert/strict";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import type { Snapshot } from "../../lib/policy/language_model.ts";
import type { SeraOptions } from "../../lib/sera/config.ts";
import { mean } from "../../lib/metrics/mean.ts";
import { runSera } from "../../lib/sera/run_sera.ts";
import { MemoryStore } from "../../lib/sera/store.ts";
import { assertAllClose, assertClose } from "../parity/assert_close.ts";
import { disposeWithBase } from "../policy/random_model.ts";
import { assertUserError } from "../support/errors.ts";
import {
  DiskStore,
  HELD_OUT,
  liveTensors,
  type Outcome,
  PAIRS,
  policyAndReference,
  PROMPTS,
  rowsOf,
  run,
  runPlain,
  SERA,
  STOPS,
} from "./sera_run.ts";

await loadEngine();

const ALL = PAIRS.map((_, i) => i);
/** One step on every pair an iteration: its row describes all pairs before the update. */
const WHOLE = { steps: 1, batch: PAIRS.length, warmup: 0 };
const OFFLINE = { bootstrap: null, selection: { rule: "all" } } as const;
Deno.test("iteration 1 is a plain update on every pair; from iteration 2 the largest margins stay", async () => {
  const { iterations, rows } = await run();
  assert.equal(iterations.length, 3);
  const [first, ...later] = iterations;
  assert.equal(first!.margins, null);
  assert.deepEqual(first!.selected, ALL);
  assert.deepEqual(first!.generated, []);
  assert.equal(first!.dropped, null);
  assert.equal(first!.metrics.offlinePairs, PAIRS.length);
  for (const { margins, selected, metrics } of later) {
    assert.equal(selected.length, 7);
    const kept = selected.map((i) => margins![i]!);
    const left = ALL.filter((i) => !selected.includes(i)).map((i) => margins![i]!);
    assert.ok(Math.min(...kept) >= Math.max(...left), `${kept} stay, ${left} go`);
    assert.equal(metrics.flippedSelected, mean(selected.map((i) => Number(PAIRS[i]!.flipped))));
    assert.equal(metrics.marginSelected, mean(kept));
    assert.equal(metrics.onPolicyPairs, 3);
  }
  assert.deepEqual(
    [first!, ...later].map(({ metrics }) => typeof metrics.jaccard),
    ["object", "object", "number"],
    "iteration 1 ranks nothing: no overlap before iteration 3",
  );
  assert.deepEqual(rows.map((row) => [row.iteration, row.step]), [
    ...[1, 2, 3].map((step) => [1, step]),
    ...[1, 2, 3].map((step) => [2, step]),
    ...[1, 2, 3].map((step) => [3, step]),
  ]);
  assert.ok(Math.abs(rows[0]!.loss - Math.LN2) < 0.2, "dropout aside, DPO starts at ln 2");
});

Deno.test("the same seed gives the same bits, another seed another run", async () => {
  const first = await run();
  assert.deepEqual(await run(), first);
  const other = await run({}, { seed: 1 });
  assert.notDeepEqual(other.weights, first.weights);
  assert.notDeepEqual(other.iterations[1]!.generated, first.iterations[1]!.generated);
});

Deno.test("gamma 0 is a window of 1; gamma above 0 acts from iteration 3 on", async () => {
  const none = await run({ ensemble: { weighting: "ema", gamma: 0, window: 3 } });
  assert.deepEqual(await run({ ensemble: { weighting: "ema", gamma: 0.3, window: 1 } }), none);
  const some = await run({ ensemble: { weighting: "ema", gamma: 0.6, window: 3 } });
  assert.deepEqual(some.iterations[1], none.iterations[1]);
  assert.notDeepEqual(some.iterations[2]!.margins, none.iterations[2]!.margins);
  for (const weighting of ["two-term", "uniform"] as const) {
    const other = await run({ ensemble: { weighting, gamma: 0.6, window: 2 } });
    assert.deepEqual(other.iterations[1], none.iterations[1]);
    assert.notDeepEqual(other.iterations[2]!.margins, none.iterations[2]!.margins);
  }
});

Deno.test("every arm takes the same number of steps on batches of the same size", async () => {
  const arms: SeraOptions[] = [
    { selection: { rule: "all" }, bootstrap: null },
    { selection: { rule: "random", keep: 0.7 }, bootstrap: null },
    { selection: { rule: "bottom", keep: 0.3 } },
    { selection: { rule: "relabel" }, bootstrap: null },
    { initial: "sft", reference: "previous" },
  ];
  for (const arm of arms) {
    const { rows } = await run({ ...arm, iterations: 2 });
    assert.deepEqual(rows.map((row) => row.step), [1, 2, 3, 1, 2, 3], JSON.stringify(arm));
    assert.deepEqual(
      rows.map((row) => row.learningRate),
      [0.02, 0.02, 0.01, 0.02, 0.02, 0.01],
      "the schedule starts anew",
    );
  }
});

Deno.test("the random rule keeps as many pairs as the top rule, drawn by seed and iteration", async () => {
  const selection = { rule: "random", keep: 0.7 } as const;
  const chosen = async (seed: number) =>
    (await run({ selection, bootstrap: null }, { seed })).iterations.slice(1).map((i) =>
      i.selected
    );
  const drawn = await chosen(0);
  assert.deepEqual(drawn.map((indices) => indices.length), [7, 7]);
  assert.notDeepEqual(drawn[0], drawn[1]);
  assert.deepEqual(await chosen(0), drawn);
  assert.notDeepEqual(await chosen(1), drawn);
});

Deno.test("the oracle keeps right labels first", async () => {
  const right = ALL.filter((i) => !PAIRS[i]!.flipped);
  for (const [count, expected] of [[6, right], [4, 4], [8, 8]] as const) {
    const { iterations } = await run({
      ...OFFLINE,
      iterations: 2,
      selection: { rule: "oracle", keep: { count } },
    });
    const { selected } = iterations[1]!;
    if (typeof expected === "number") {
      assert.equal(selected.length, expected);
      const among = selected.filter((i) => right.includes(i)).length;
      assert.equal(among, Math.min(count, right.length));
    } else assert.deepEqual(selected, expected);
  }
});

Deno.test("an update starts from the previous policy or from SFT, against SFT or the previous policy", async () => {
  const second = async (initial: "sft" | "previous", reference: "sft" | "previous") => {
    const outcome = await runPlain({ ...WHOLE, ...OFFLINE, iterations: 2, initial, reference });
    return { margins: outcome.iterations[1]!.margins!, row: rowsOf(outcome, 2)[0]! };
  };
  const continued = await second("previous", "sft");
  assert.ok(Math.abs(mean(continued.margins)) > 0.01);
  assertClose(continued.row.margin, mean(continued.margins), 0, "from pi_1 against SFT", 1e-4);
  const anew = await second("sft", "sft");
  assertClose(anew.row.margin, 0, 0, "from SFT against SFT", 1e-5);
  assertClose(anew.row.loss, Math.LN2, 1e-6, "loss from SFT against SFT");
  const moved = await second("previous", "previous");
  assertClose(moved.row.margin, 0, 0, "from pi_1 against pi_1", 1e-4);
  const back = await second("sft", "previous");
  assertClose(back.row.margin, -mean(back.margins), 0, "from SFT against pi_1", 1e-4);
  assert.deepEqual(continued.margins, anew.margins, "margins are always against SFT");
});

Deno.test("each update starts at exactly the weights that it should, bootstrapping done or not", async () => {
  const fresh = await policyAndReference();
  const sft = await fresh.policy.snapshot();
  disposeWithBase(fresh.policy);
  for (const initial of ["sft", "previous"] as const) {
    // A policy that nothing has run yet: its tensors still live in the arrays they came from.
    const { policy, reference } = await policyAndReference();
    const starts: Snapshot[] = [];
    class Watching extends DiskStore {
      override async resume(iteration: number) {
        starts.push(await policy.snapshot());
        return await super.resume(iteration);
      }
    }
    const store = new Watching();
    await run({ initial }, { policy, reference }, store);
    assert.equal(starts.length, 3);
    const { policies } = store.disk;
    const expected = initial === "sft" ? [sft, sft, sft] : [sft, policies.get(1), policies.get(2)];
    assert.deepEqual(starts, expected, initial);
    assert.notDeepEqual(policies.get(1), sft);
  }
});

Deno.test("relabelling swaps pairs of negative margin, reference log-probabilities too", async () => {
  // Four pairs contradict four others: their margins have opposite signs.
  const contrary = PAIRS.slice(0, 4).map((pair) => ({
    ...pair,
    chosenIds: pair.rejectedIds,
    rejectedIds: pair.chosenIds,
  }));
  const pairs = [...PAIRS, ...contrary];
  const changes = { ...WHOLE, ...OFFLINE, batch: pairs.length, iterations: 2 };
  for (const reference of ["sft", "previous"] as const) {
    const selection = { rule: "relabel" } as const;
    const outcome = await runPlain({ ...changes, selection, reference }, { pairs });
    const { margins, selected, swapped, metrics } = outcome.iterations[1]!;
    assert.equal(selected.length, pairs.length);
    assert.deepEqual(swapped, pairs.flatMap((_, i) => margins![i]! < 0 ? [i] : []));
    assert.ok(swapped.length >= 4 && metrics.relabelled === swapped.length);
    const expected = reference === "sft" ? mean(margins!.map(Math.abs)) : 0;
    assertClose(rowsOf(outcome, 2)[0]!.margin, expected, 0, `against ${reference}`, 1e-4);
  }
  const kept = await runPlain(changes, { pairs });
  assert.deepEqual(kept.iterations[1]!.swapped, []);
  const { margins } = kept.iterations[1]!;
  assertClose(rowsOf(kept, 2)[0]!.margin, mean([...margins!]), 0, "without relabelling", 1e-4);
});

Deno.test("a loss that is not finite stops the run and keeps the policy before", async () => {
  const store = new DiskStore();
  await assertUserError(
    () => run({ learningRate: 1e30, maxGradNorm: 0 }, {}, store),
    /iteration 1, step [23]: .*the last good state is kept/,
  );
  assert.equal(store.disk.policies.size, 0);
});

Deno.test("a store in memory forgets the steps of an update that did not end", async () => {
  const store = new MemoryStore();
  const { policy, reference } = await policyAndReference();
  const start = await policy.snapshot();
  const once = (config: SeraOptions) =>
    runSera({ policy, reference, pairs: PAIRS, config: { ...config, bootstrap: null }, store });
  const bad = { iterations: 1, steps: 4, learningRate: 1e30, maxGradNorm: 0 };
  await assertUserError(() => once(bad), "iteration 1");
  assert.ok((await store.rows(1)).length > 0);
  policy.restore(start);
  await once({ iterations: 1, steps: 4 });
  assert.deepEqual((await store.rows(1)).map((row) => row.step), [1, 2, 3, 4]);
  reference.rotary.dispose();
  disposeWithBase(policy);
});

Deno.test("a threshold that no pair reaches is the user's mistake", async () => {
  await assertUserError(
    () => run({ selection: { rule: "threshold", tau: 1e6 }, bootstrap: null }),
    "iteration 2",
    "no pair",
  );
});

Deno.test("a run leaves no tensor behind", async () => {
  const { policy, reference } = await policyAndReference();
  const once = (): Promise<unknown> =>
    runSera({
      policy,
      reference,
      pairs: PAIRS,
      heldOut: HELD_OUT,
      prompts: PROMPTS,
      stopTokenIds: STOPS,
      config: SERA,
      seed: 0,
    });
  await once(); // rotary tables and merged weights stay with the models
  const before = liveTensors();
  await once();
  assert.equal(liveTensors(), before);
});

Deno.test("the smallest passes take the run's step, where there is no dropout", async () => {
  const same = (outcome: Outcome) => outcome.rows.map((row) => [row.loss, row.gradientNorm]).flat();
  const changes = { ...OFFLINE, iterations: 1 };
  const whole = same(await runPlain(changes));
  assertAllClose(same(await runPlain({ ...changes, maxRows: 1 })), whole, 1e-4, "a pair a pass");
});
