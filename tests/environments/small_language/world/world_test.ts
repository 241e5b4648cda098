import assert from "node:assert/strict";
import { sampleCorrelation } from "simple-statistics";
import {
  allPrompts,
  BOS_ID,
  EOS_ID,
  goldReward,
  idsOf,
  isValid,
  maxResponseTokens,
  parseResponse,
  sampleResponse,
  splitPrompts,
  toText,
  WORLD_WORDS,
  type WorldPrompt,
} from "../../../../lib/environments/small_language/world/mod.ts";
import { createPrng } from "../../../../lib/random/prng.ts";

const idOf = new Map(WORLD_WORDS.map((word, id) => [word.text, id]));
const ids = (text: string) =>
  Int32Array.from(text.split(" "), (word) => {
    const id = idOf.get(word);
    assert.ok(id !== undefined, word);
    return id;
  });
const prompt = ids("<bos> honestly soup was");

Deno.test("the vocabulary has 67 distinct words", () => {
  assert.equal(WORLD_WORDS.length, 67);
  assert.equal(idOf.size, 67);
  assert.equal(idsOf("adjective").length, 30);
});

Deno.test("240 distinct prompts split into disjoint train and held-out sets, by seed", () => {
  const all = new Set(allPrompts().map((each) => toText(each.ids)));
  assert.equal(all.size, 240);
  const split = splitPrompts(7, 60);
  assert.equal(split.train.length, 180);
  assert.equal(split.heldOut.length, 60);
  const texts = [...split.train, ...split.heldOut].map((each) => toText(each.ids));
  assert.deepEqual(new Set(texts), all);
  assert.deepEqual(splitPrompts(7, 60), split);
  assert.notDeepEqual(splitPrompts(8, 60), split);
  assert.throws(() => splitPrompts(0, 240), RangeError);
});

// Expected values worked out by hand from the definition of the gold reward.
const goldCases: [string, number][] = [
  // sentiment (2 + 1 + 1) / 3, relevance 1
  ["delicious and tasty and fresh <eos>", 4 / 3 + 1],
  // sentiment (2 x 1.5 + 2 - 1) / 3; relevance (1 + .5 + 0) / 3
  ["very delicious , excellent but slow <eos>", 4 / 3 + 0.5],
  // not terrible: -2 x -0.75 = 1.5; not really bad: -1 x 1.5 x -0.75 = 1.125; good 1
  ["not terrible and not really bad also good <eos>", (1.5 + 1.125 + 1) / 3 + 0.5],
  // one adjective three times: two repeats of three
  ["tasty and tasty and tasty <eos>", 1 + 1 - 4 / 3],
  // fillers cost nothing
  ["well like delicious and perhaps tasty and somehow fresh <eos>", 4 / 3 + 1],
  // two adjectives: one short
  ["tasty and fresh <eos>", 1 + 1 - 0.5],
  // no <eos>
  ["delicious and tasty and fresh", 4 / 3 + 1 - 1],
  // nothing said: no adjective (-1), three short (-1.5), one malformation (-0.5)
  ["<eos>", -1 - 1.5 - 0.5],
  // two malformations at most: "and and and" costs 1; no judgement
  ["and and and <eos>", -1 - 1.5 - 1],
];
for (const [text, expected] of goldCases) {
  Deno.test(`gold reward of "${text}"`, () => {
    const { reward } = goldReward(prompt, ids(text));
    assert.ok(Math.abs(reward - expected) < 1e-12, `${reward} is not ${expected}`);
  });
}

Deno.test("the parser counts each malformation", () => {
  const malformed = (text: string) => parseResponse(ids(text)).malformed;
  assert.equal(malformed("tasty and fresh and salty <eos>"), 0);
  assert.equal(malformed("tasty fresh and salty <eos>"), 1); // no joiner
  assert.equal(malformed("and tasty <eos>"), 1); // a joiner first
  assert.equal(malformed("tasty and <eos>"), 1); // a joiner last
  assert.equal(malformed("not and tasty <eos>"), 2); // not without adjective, empty clause
  assert.equal(malformed("very well tasty <eos>"), 1); // a filler after a modifier
  assert.equal(malformed("tasty soup <eos>"), 1); // a noun in a response
  assert.equal(parseResponse(ids("tasty <eos> and and")).malformed, 0); // nothing after <eos>
  assert.throws(() => parseResponse([67]), RangeError);
});

/** `count` prompt-and-response draws of the writer. */
function draws(count: number, seed: number): { prompt: WorldPrompt; response: Int32Array }[] {
  const prng = createPrng(seed, "test");
  const prompts = allPrompts();
  return Array.from({ length: count }, (_, i) => {
    const each = prompts[i % prompts.length] as WorldPrompt;
    return { prompt: each, response: sampleResponse(each, prng) };
  });
}

Deno.test("the writer's sentences are valid, bounded and cover the vocabulary", () => {
  const seen = new Set<number>();
  for (const { response } of draws(5000, 1)) {
    assert.ok(isValid(response), toText(response));
    assert.ok(response.length <= maxResponseTokens());
    assert.equal(response.at(-1), EOS_ID);
    response.forEach((id) => seen.add(id));
  }
  assert.ok(!seen.has(BOS_ID));
  for (const kind of ["adjective", "joiner", "filler", "negation", "intensifier"] as const) {
    for (const id of idsOf(kind)) assert.ok(seen.has(id), `${kind} ${id}`);
  }
});

Deno.test("longer sentences are valid as well, and as neutral", () => {
  const prng = createPrng(9, "long");
  const each = allPrompts()[0] as WorldPrompt;
  for (let i = 0; i < 500; i++) {
    const response = sampleResponse(each, prng, 6);
    assert.ok(isValid(response, 6) && response.length <= maxResponseTokens(6), toText(response));
    assert.equal(goldReward(each.ids, response, 6).count, -0);
  }
});

Deno.test("law 1: gold is uncorrelated with length over 40,000 of the writer's sentences", () => {
  const sample = draws(40_000, 2);
  const gold = sample.map((each) => goldReward(each.prompt.ids, each.response).reward);
  const lengths = sample.map((each) => each.response.length);
  const correlation = sampleCorrelation(gold, lengths);
  // Standard error of r at n = 40,000 under independence: 0.005. Tolerance: four of them.
  assert.ok(Math.abs(correlation) < 0.02, `correlation ${correlation}`);
});

Deno.test("a seed fixes the writer's sentences", () => {
  assert.deepEqual(draws(50, 3), draws(50, 3));
  assert.notDeepEqual(draws(50, 3), draws(50, 4));
});
