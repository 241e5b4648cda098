/** What each iteration of SeRA trains on, starts from and measures against. */
import assert from "node:assert/strict";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { defaultLossConfig } from "../../lib/losses/loss_config.ts";
import type { Snapshot } from "../../lib/policy/language_model.ts";
import { sequenceLogps } from "../../lib/policy/sequence_logps.ts";
import type { BothLogps } from "../../lib/sera/pair_logps.ts";
import { runSera } from "../../lib/sera/run_sera.ts";
import type { SeraConfig } from "../../lib/sera/config.ts";
import { groupOf } from "../../lib/training/update.ts";
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
  SERA,
  STOPS,
} from "./sera_run.ts";

await loadEngine();

const ALL = PAIRS.map((_, i) => i);
/** One step on every pair an iteration: its row describes all pairs before the update. */
const WHOLE = { stepsPerIteration: 1, batchPairs: PAIRS.length, warmupSteps: 0 };
const OFFLINE = { onPolicy: null, selection: { rule: "all" } } as const;
/** Adapters without dropout, so that a row is what scoring gives. */
const plain = async () => {
  const { policy, reference } = await policyAndReference();
  const { loraConfig } = policy;
  Object.assign(loraConfig as object, { dropout: 0 });
  return { policy, reference };
};
const runPlain = async (changes: Partial<SeraConfig>, store?: DiskStore) =>
  await run(changes, await plain(), store);

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

Deno.test("iteration 1 is a plain update on every pair; from iteration 2 the largest margins stay", async () => {
  const { iterations, rows } = await run();
  assert.equal(iterations.length, 3);
  const [first, ...later] = iterations;
  assert.equal(first!.margins, null);
  assert.deepEqual(first!.selected, ALL);
  assert.deepEqual(first!.generated, []);
  assert.equal(first!.audit, null);
  for (const { margins, selected, audit } of later) {
    assert.equal(selected.length, 7);
    const kept = selected.map((i) => margins![i]!);
    const left = ALL.filter((i) => !selected.includes(i)).map((i) => margins![i]!);
    assert.ok(Math.min(...kept) >= Math.max(...left), `${kept} stay, ${left} go`);
    assert.equal(audit!.flipsKept, selected.filter((i) => PAIRS[i]!.flipped).length);
  }
  assert.equal(later[1]!.audit!.jaccardPrevious !== null, true);
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
  const arms: Partial<SeraConfig>[] = [
    { selection: { rule: "all" }, onPolicy: null },
    { selection: { rule: "random", keep: 0.7 }, onPolicy: null },
    { selection: { rule: "bottom", keep: 0.3 } },
    { selection: { rule: "all" }, onPolicy: null, relabel: true },
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
    (await run({ selection, onPolicy: null }, { seed })).iterations.slice(1).map((i) => i.selected);
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

Deno.test("margins are beta times the difference of log-ratios under the saved policies", async () => {
  const store = new DiskStore();
  const { iterations } = await runPlain({}, store);
  const { policy, reference } = await plain();
  const groups = PAIRS.map(groupOf);
  const base = (await sequenceLogps(reference, groups)).map(([w, l]) => w! - l!);
  const margins: number[][] = [];
  for (const t of [1, 2]) {
    policy.restore(store.disk.policies.get(t)!);
    const logps = await sequenceLogps(policy, groups);
    margins.push(logps.map(([w, l], i) => 0.5 * (w! - l! - base[i]!)));
  }
  assertAllClose(iterations[1]!.margins!, margins[0]!, 0, "iteration 2", 1e-4);
  const ensemble = margins[1]!.map((m, i) => 0.7 * m + 0.3 * margins[0]![i]!);
  assertAllClose(iterations[2]!.margins!, ensemble, 0, "iteration 3", 1e-4);
  disposeWithBase(policy);
});

Deno.test("each policy scores the offline pairs once, and new responses once", async () => {
  const store = new DiskStore();
  await run({ iterations: 4, ensemble: { weighting: "ema", gamma: 0.3, window: 2 } }, {}, store);
  const scored = store.computed.filter((name) => name.startsWith("logps/"));
  assert.equal(new Set(scored).size, scored.length);
  const of = (text: string) => scored.filter((name) => name.includes(text)).sort();
  assert.deepEqual(of("-offline"), [
    "logps/policy-1-offline-0",
    "logps/policy-2-offline-0",
    "logps/policy-3-offline-0",
    "logps/sft-offline-0",
  ]);
  assert.deepEqual(of("responses"), [
    "logps/policy-1-responses-2-0",
    "logps/policy-1-responses-3-0",
    "logps/policy-2-responses-3-0",
    "logps/policy-2-responses-4-0",
    "logps/policy-3-responses-4-0",
    "logps/sft-responses-2-0",
    "logps/sft-responses-3-0",
    "logps/sft-responses-4-0",
  ]);
});

Deno.test("generated pairs are finished, of the prompts given, the better one chosen", async () => {
  const store = new DiskStore();
  const { iterations } = await runPlain({}, store);
  const { policy, reference } = await plain();
  let pairs = 0;
  for (const { iteration: t, generated, responses, dropped } of iterations.slice(1)) {
    assert.equal(responses, 24);
    assert.ok(generated.length <= 3 && generated.length > 0, `${generated.length} pairs`);
    const { truncatedCandidates, promptsWithoutTwo, promptsWithEqualRewards, pairsNotKept } =
      dropped!;
    assert.ok(truncatedCandidates > 0, "no response was truncated: nothing is tested");
    const prompts = generated.length + promptsWithoutTwo + promptsWithEqualRewards + pairsNotKept;
    assert.equal(prompts, 6);
    const weights = t === 2 ? [1] : [0.7, 0.3];
    for (const pair of generated) {
      pairs++;
      assert.equal(pair.id, `generated-${t}-${pair.promptIndex}`);
      assert.deepEqual([...pair.promptIds], [...PROMPTS[pair.promptIndex]!]);
      assert.ok(!HELD_OUT.some((other) => `${other.promptIds}` === `${pair.promptIds}`));
      assert.ok(pair.chosenReward > pair.rejectedReward);
      assert.notDeepEqual(pair.chosenIds, pair.rejectedIds);
      for (const ids of [pair.chosenIds, pair.rejectedIds]) {
        assert.equal(ids.findIndex((id) => STOPS.includes(id)), ids.length - 1);
        assert.ok(ids.length <= 8);
      }
      // The rewards again, from the policies that the store kept.
      const groups = [groupOf(pair)];
      const [base] = await sequenceLogps(reference, groups);
      const rewards = [0, 0];
      for (const [age, weight] of weights.entries()) {
        policy.restore(store.disk.policies.get(t - 1 - age)!);
        const [logps] = await sequenceLogps(policy, groups);
        logps!.forEach((l, side) => rewards[side]! += weight * 0.5 * (l - base![side]!));
      }
      assertClose(pair.chosenReward, rewards[0]!, 0, "chosen reward", 1e-4);
      assertClose(pair.rejectedReward, rewards[1]!, 0, "rejected reward", 1e-4);
    }
  }
  assert.ok(pairs >= 3);
  disposeWithBase(policy);
});

Deno.test("generated pairs are trained on, with log-probabilities of the loss's reference", async () => {
  for (const reference of ["sft", "previous"] as const) {
    // Ten offline pairs and three generated ones in one batch.
    const { iterations, rows } = await runPlain({
      ...WHOLE,
      batchPairs: 13,
      iterations: 2,
      selection: { rule: "all" },
      reference,
    });
    const { margins, generated } = iterations[1]!;
    assert.equal(generated.length, 3);
    const all = [...margins!, ...generated.map((p) => p.chosenReward - p.rejectedReward)];
    const expected = reference === "sft" ? mean(all) : 0;
    assertClose(rows[1]!.margin, expected, 0, `margin against ${reference}`, 1e-4);
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
  const changes = { ...WHOLE, ...OFFLINE, batchPairs: pairs.length, iterations: 2 };
  for (const reference of ["sft", "previous"] as const) {
    const input = { ...await plain(), pairs };
    const outcome = await run({ ...changes, relabel: true, reference }, input);
    const { margins, relabelled } = outcome.iterations[1]!;
    assert.deepEqual(relabelled, pairs.flatMap((_, i) => margins![i]! < 0 ? [i] : []));
    assert.ok(relabelled.length >= 4);
    const expected = reference === "sft" ? mean(margins!.map(Math.abs)) : 0;
    assertClose(rowsOf(outcome, 2)[0]!.margin, expected, 0, `against ${reference}`, 1e-4);
  }
  const kept = await run(changes, { ...await plain(), pairs });
  assert.deepEqual(kept.iterations[1]!.relabelled, []);
  const { margins } = kept.iterations[1]!;
  assertClose(rowsOf(kept, 2)[0]!.margin, mean([...margins!]), 0, "without relabelling", 1e-4);
});

Deno.test("SimPO bootstraps without a reference where none is asked for", async () => {
  const store = new DiskStore();
  const loss = defaultLossConfig("simpo");
  const outcome = await run({ loss, reference: "previous", iterations: 2 }, {}, store);
  assert.deepEqual(store.calls.filter((name) => name.includes("sft-responses")), []);
  assert.ok(outcome.iterations[1]!.generated.length > 0);
  const other = await run({ loss, reference: "sft", iterations: 2 });
  assert.deepEqual(other.weights, outcome.weights, "the loss reads no reference");
});

Deno.test("held-out pairs are measured and never trained on", async () => {
  const states: { own: BothLogps; sft: BothLogps }[] = [];
  const outcome = await run({}, {
    evaluate: ({ iteration, heldOutLogps, heldOutReferenceLogps }) => {
      states.push({ own: heldOutLogps, sft: heldOutReferenceLogps });
      return Promise.resolve({ iteration });
    },
  });
  assert.deepEqual(
    outcome.iterations.map((i) => i.evaluation),
    [1, 2, 3].map((iteration) => ({
      iteration,
    })),
  );
  const without = await run({}, { heldOut: [] });
  assert.deepEqual(without.weights, outcome.weights);
  assert.ok(without.iterations.every((i) => i.heldOut === null));
  states.forEach(({ own, sft }, i) => {
    assert.equal(own.chosen.length, HELD_OUT.length);
    // DPO with beta 0.5, by hand.
    const margins = HELD_OUT.map((_, k) =>
      0.5 * (own.chosen[k]! - sft.chosen[k]! - own.rejected[k]! + sft.rejected[k]!)
    );
    const { heldOut } = outcome.iterations[i]!;
    assertClose(heldOut!.loss, mean(margins.map((m) => Math.log1p(Math.exp(-m)))), 1e-9, "loss");
    assertClose(heldOut!.margin, mean(margins), 1e-9, "margin");
    assert.equal(heldOut!.accuracy, mean(margins.map((m) => m > 0 ? 1 : 0)));
    assertClose(heldOut!.chosenLogp, mean([...own.chosen]), 1e-9, "chosen");
    assertClose(heldOut!.rejectedLogp, mean([...own.rejected]), 1e-9, "rejected");
  });
  assert.ok(outcome.iterations.some(({ heldOut }) => heldOut!.accuracy % 1 !== 0), "all or none");
});

Deno.test("a loss that is not finite stops the run and keeps the policy before", async () => {
  const store = new DiskStore();
  await assertUserError(
    () => run({ learningRate: 1e30, optimiser: { ...SERA.optimiser, maxGradNorm: 0 } }, {}, store),
    /iteration 1, step [23]: .*the last good state is kept/,
  );
  assert.equal(store.disk.policies.size, 0);
});

Deno.test("a threshold that no pair reaches is the user's mistake", async () => {
  await assertUserError(
    () => run({ selection: { rule: "threshold", tau: 1e6 }, onPolicy: null }),
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
