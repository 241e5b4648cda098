import assert from "node:assert/strict";
import { UserError } from "../../lib/errors.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { bootstrapPairs, type Candidate } from "../../lib/selection/bootstrap_pairs.ts";

const candidate = (tokens: number[], reward: number, truncated = false): Candidate => ({
  tokenIds: Int32Array.from(tokens),
  truncated,
  reward,
});

const prompts = [
  // margin 3; candidate 2 repeats candidate 0, candidate 4 is cut off
  [
    candidate([5, 1], 2),
    candidate([6, 1], -1),
    candidate([5, 1], 9),
    candidate([7, 1], 0),
    candidate([8], 50, true),
  ],
  // one finished candidate
  [candidate([5, 1], 2), candidate([5, 1], 2), candidate([6], 1, true)],
  // equal rewards
  [candidate([5, 1], 2), candidate([6, 1], 2)],
  // margin 1, equal best: the first of them
  [candidate([9, 1], 0), candidate([5, 1], 1), candidate([6, 1], 1)],
  // no candidates
  [],
  // margin 7
  [candidate([2, 1], -3), candidate([3, 1], 4)],
];

Deno.test("best against worst of each prompt's different, finished candidates", () => {
  const { pairs, dropped } = bootstrapPairs(prompts, 1);
  assert.deepEqual(pairs, [
    {
      promptIndex: 0,
      chosenIndex: 0,
      rejectedIndex: 1,
      chosenIds: Int32Array.of(5, 1),
      rejectedIds: Int32Array.of(6, 1),
      chosenReward: 2,
      rejectedReward: -1,
      margin: 3,
    },
    {
      promptIndex: 3,
      chosenIndex: 1,
      rejectedIndex: 0,
      chosenIds: Int32Array.of(5, 1),
      rejectedIds: Int32Array.of(9, 1),
      chosenReward: 1,
      rejectedReward: 0,
      margin: 1,
    },
    {
      promptIndex: 5,
      chosenIndex: 1,
      rejectedIndex: 0,
      chosenIds: Int32Array.of(3, 1),
      rejectedIds: Int32Array.of(2, 1),
      chosenReward: 4,
      rejectedReward: -3,
      margin: 7,
    },
  ]);
  assert.deepEqual(dropped, {
    truncatedCandidates: 2,
    emptyCandidates: 0,
    duplicateCandidates: 2,
    promptsWithoutTwo: 2,
    promptsWithEqualRewards: 1,
    pairsNotKept: 0,
  });
});

Deno.test("the largest margins over all prompts are kept, in the order of the prompts", () => {
  const { pairs, dropped } = bootstrapPairs(prompts, { count: 2 });
  assert.deepEqual(pairs.map((pair) => pair.promptIndex), [0, 5]);
  assert.equal(dropped.pairsNotKept, 1);
  assert.equal(bootstrapPairs(prompts, { count: 9 }).pairs.length, 3);
});

Deno.test("a response that says nothing is no candidate, whatever its reward", () => {
  const empty = (reward: number) => ({ ...candidate([1], reward), empty: true });
  const said = [candidate([2, 1], -2), candidate([3, 1], -3)];
  const { pairs, dropped } = bootstrapPairs([[empty(0), ...said], [empty(-1), empty(-1)]], 1);
  assert.deepEqual(pairs.map(({ chosenIndex, rejectedIndex }) => [chosenIndex, rejectedIndex]), [
    [1, 2],
  ]);
  const { emptyCandidates, duplicateCandidates, promptsWithoutTwo } = dropped;
  assert.deepEqual([emptyCandidates, duplicateCandidates, promptsWithoutTwo], [3, 0, 1]);
});

Deno.test("best and worst equal brute force over random candidates", () => {
  for (let seed = 0; seed < 200; seed++) {
    const prng = createPrng(seed, "bootstrap");
    const cases = Array.from(
      { length: 6 },
      () =>
        Array.from(
          { length: prng.integer(6) },
          () =>
            candidate([prng.integer(4), prng.integer(2)], prng.integer(5), prng.uniform() < 0.2),
        ),
    );
    const { pairs, dropped } = bootstrapPairs(cases, 1);
    const byPrompt = new Map(pairs.map((pair) => [pair.promptIndex, pair]));
    let seenCandidates = 0;
    cases.forEach((all, promptIndex) => {
      const finished = all.filter((one) => !one.truncated);
      const text = (one: Candidate): string => one.tokenIds.join();
      const different = finished.filter((one, i) =>
        finished.findIndex((other) => text(other) === text(one)) === i
      );
      seenCandidates += different.length;
      const rewards = different.map((one) => one.reward);
      const pair = byPrompt.get(promptIndex);
      if (different.length < 2 || Math.max(...rewards) === Math.min(...rewards)) {
        assert.equal(pair, undefined);
        return;
      }
      assert.ok(pair);
      assert.equal(pair.chosenReward, Math.max(...rewards));
      assert.equal(pair.rejectedReward, Math.min(...rewards));
      assert.equal(pair.margin, Math.max(...rewards) - Math.min(...rewards));
      assert.deepEqual(all[pair.chosenIndex]?.tokenIds, pair.chosenIds);
      assert.equal(all[pair.chosenIndex]?.reward, pair.chosenReward);
      assert.deepEqual(all[pair.rejectedIndex]?.tokenIds, pair.rejectedIds);
      assert.equal(all[pair.rejectedIndex]?.reward, pair.rejectedReward);
      assert.notDeepEqual(pair.chosenIds, pair.rejectedIds);
    });
    const { truncatedCandidates, duplicateCandidates } = dropped;
    assert.equal(truncatedCandidates + duplicateCandidates + seenCandidates, cases.flat().length);
    assert.equal(pairs.length + dropped.promptsWithoutTwo + dropped.promptsWithEqualRewards, 6);
  }
});

Deno.test("what cannot be paired is named", () => {
  assert.throws(
    () => bootstrapPairs([[candidate([1], 0)], [candidate([1], 0), candidate([2], NaN)]], 1),
    (error) =>
      error instanceof UserError && error.message.includes("candidate 1 of prompt 1 is NaN"),
  );
  assert.throws(() => bootstrapPairs([[candidate([], 0)]], 1), RangeError);
  assert.throws(() => bootstrapPairs([], { count: 0 }), UserError);
  assert.deepEqual(bootstrapPairs([], { count: 3 }).pairs, []);
});
