/** Where margins and rewards come from, and what bootstrapping makes of responses. */
import assert from "node:assert/strict";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { mean } from "../../lib/metrics/mean.ts";
import type { SeraOptions } from "../../lib/sera/config.ts";
import { sequenceLogps } from "../../lib/policy/sequence_logps.ts";
import { groupOf } from "../../lib/training/update.ts";
import { assertAllClose, assertClose } from "../parity/assert_close.ts";
import { disposeWithBase } from "../policy/random_model.ts";
import { assertUserError } from "../support/errors.ts";
import {
  DiskStore,
  HELD_OUT,
  PAIRS,
  policyAndReference,
  PROMPTS,
  run,
  runPlain,
  STOPS,
} from "./sera_run.ts";

await loadEngine();

/** One step on every pair an iteration: its row describes all pairs before the update. */
const WHOLE = { steps: 1, warmup: 0 };

Deno.test("margins are beta times the difference of log-ratios under the saved policies", async () => {
  const store = new DiskStore();
  const { iterations } = await runPlain({}, {}, store);
  const { policy, reference } = await policyAndReference(0);
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
  const { iterations } = await runPlain({}, {}, store);
  const { policy, reference } = await policyAndReference(0);
  let pairs = 0;
  for (const { iteration: t, generated, dropped } of iterations.slice(1)) {
    assert.ok(generated.length <= 3 && generated.length > 0, `${generated.length} pairs`);
    const { truncatedCandidates, promptsWithoutTwo, promptsWithEqualRewards, pairsNotKept } =
      dropped!;
    assert.ok(truncatedCandidates > 0, "no response was truncated: nothing is tested");
    const prompts = generated.length + promptsWithoutTwo + promptsWithEqualRewards + pairsNotKept;
    assert.equal(prompts, 6);
    const weights = t === 2 ? [1] : [0.7, 0.3];
    for (const pair of generated) {
      pairs++;
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
      batch: 13,
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

/** How often each of some prompts is responded to in iteration 2. */
async function respondedTo(prompts: readonly Int32Array[], bootstrap: SeraOptions["bootstrap"]) {
  const counts = prompts.map(() => 0);
  const { policy, reference } = await policyAndReference();
  const { iterations } = await run({ iterations: 2, bootstrap: bootstrap! }, {
    policy,
    reference,
    prompts,
    scoreReference: (groups, options) => {
      for (const { promptIds, completions } of groups) {
        if (completions.length === 4) counts[prompts.indexOf(promptIds)]!++;
      }
      return sequenceLogps(reference, groups, options);
    },
  });
  return { counts: counts.toSorted(), generated: iterations[1]!.generated };
}

Deno.test("prompts are drawn without repetition, or used in turn where there are too few", async () => {
  // 30 % of ten pairs are three, times 2: six prompts of eight.
  const six = await respondedTo(PROMPTS, { promptFactor: 2 });
  assert.deepEqual(six.counts, [0, 0, 1, 1, 1, 1, 1, 1]);
  // 70 % are seven: three prompts three, two and two times, with responses of their own each time.
  const few = await respondedTo(PROMPTS.slice(0, 3), { share: 0.7, promptFactor: 1 });
  assert.deepEqual(few.counts, [2, 2, 3]);
  assert.ok(few.generated.length > 3);
  assert.equal(new Set(few.generated.map((pair) => pair.id)).size, few.generated.length);
  const texts = few.generated.map(({ promptIds, chosenIds }) => `${promptIds}:${chosenIds}`);
  assert.ok(new Set(texts).size > 3, "the same responses again");
  // 50 own pairs; in floating point 1.1 * 50 is above 55.
  const many = await respondedTo(PROMPTS, { share: 5, promptFactor: 1.1 });
  assert.equal(many.counts.reduce((sum, count) => sum + count), 55);
  // At least one pair.
  assert.equal((await respondedTo(PROMPTS, { share: 0.01, promptFactor: 1 })).counts.at(-1), 1);
});

Deno.test("what bootstrapping needs is asked for before anything runs", async () => {
  await assertUserError(() => run({}, { stopTokenIds: [] }), "bootstrapping needs stopTokenIds");
  await assertUserError(() => run({}, { prompts: [] }), "bootstrapping needs prompts");
  await assertUserError(() => run({}, { pairs: [] }), "there are no pairs");
  const unknown = PAIRS.map(({ flipped: _, ...pair }) => pair);
  await assertUserError(
    () => run({ selection: { rule: "oracle", keep: 0.7 } }, { pairs: unknown }),
    "the oracle rule needs pairs whose flips are known",
  );
  await run({ iterations: 1 }, { prompts: [], stopTokenIds: [] });
});

Deno.test("SimPO bootstraps without a reference where none is asked for", async () => {
  const store = new DiskStore();
  const loss = { name: "simpo" } as const;
  const outcome = await run({ loss, reference: "previous", iterations: 2 }, {}, store);
  assert.deepEqual(store.calls.filter((name) => name.includes("sft-responses")), []);
  assert.ok(outcome.iterations[1]!.generated.length > 0);
  const other = await run({ loss, reference: "sft", iterations: 2 });
  assert.deepEqual(other.weights, outcome.weights, "the loss reads no reference");
});
