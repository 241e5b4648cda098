import assert from "node:assert/strict";
import { sampleStandardDeviation } from "simple-statistics";
import { type CandidatePair, labelCandidates } from "../../lib/data/label_candidates.ts";
import {
  allPrompts,
  goldReward,
  LENGTH_UNIT,
  sampleResponse,
  type WorldPrompt,
} from "../../lib/environments/small_language/world/mod.ts";
import { createPrng } from "../../lib/random/prng.ts";

function candidates(count: number): CandidatePair[] {
  const prng = createPrng(5, "test");
  const prompts = allPrompts();
  return Array.from({ length: count }, (_, i) => {
    const prompt = prompts[i % prompts.length] as WorldPrompt;
    return {
      promptIds: prompt.ids,
      firstIds: sampleResponse(prompt, prng),
      secondIds: sampleResponse(prompt, prng),
    };
  });
}
const sample = candidates(20_000);
const gold = (promptIds: Int32Array, ids: Int32Array) => goldReward(promptIds, ids).reward;
const label = (temperature: number, confound: number) =>
  labelCandidates(sample, {
    temperature,
    gold,
    taste: ({ firstIds, secondIds }) =>
      confound * (firstIds.length - secondIds.length) / LENGTH_UNIT,
  }, createPrng(0, "labels"));

Deno.test("law 2: labels follow Bradley-Terry on the gold reward", () => {
  const labelled = label(0.25, 0);
  const bins = new Map<number, { wins: number; expected: number; count: number }>();
  for (const { promptIds, chosenIds, rejectedIds } of labelled) {
    const goldChosen = goldReward(promptIds, chosenIds).reward;
    const goldRejected = goldReward(promptIds, rejectedIds).reward;
    const difference = Math.abs(goldChosen - goldRejected);
    const bin = Math.floor(Math.min(difference, 1) * 5);
    const each = bins.get(bin) ?? { wins: 0, expected: 0, count: 0 };
    each.wins += Number(goldChosen > goldRejected) + (goldChosen === goldRejected ? 0.5 : 0);
    each.expected += 1 / (1 + Math.exp(-difference / 0.25));
    each.count++;
    bins.set(bin, each);
  }
  assert.ok(bins.size >= 5);
  for (const { wins, expected, count } of bins.values()) {
    // Four binomial standard errors at most.
    assert.ok(Math.abs(wins - expected) / count < 2 / Math.sqrt(count), `${wins} ${expected}`);
  }
});

Deno.test("identical responses are left out, ids stay, nothing is marked as flipped", () => {
  const one = sample[0] as CandidatePair;
  const labelled = labelCandidates(
    [{ ...one, secondIds: one.firstIds }, one],
    { temperature: 0.25, gold },
    createPrng(0),
  );
  assert.deepEqual(labelled.map(({ id }) => id), ["1"]);
  assert.equal(labelled[0]?.flipped, false);
});

Deno.test("the confound makes longer responses win more often, in proportion", () => {
  const longerWins = (confound: number) => {
    const unequal = label(0.25, confound)
      .filter((pair) => pair.chosenIds.length !== pair.rejectedIds.length);
    return unequal.filter((pair) => pair.chosenIds.length > pair.rejectedIds.length).length /
      unequal.length;
  };
  const [none, some, strong] = [longerWins(0), longerWins(0.5), longerWins(1.5)];
  assert.ok(Math.abs((none as number) - 0.5) < 0.02, `${none}`);
  assert.ok((some as number) > 0.58 && (strong as number) > (some as number) + 0.1);
});

Deno.test("the length unit is about one standard deviation of the writer's lengths", () => {
  const deviation = sampleStandardDeviation(sample.map((each) => each.firstIds.length));
  assert.ok(Math.abs(deviation - LENGTH_UNIT) < 0.4, `${deviation}`);
});
