import assert from "node:assert/strict";
import { promptKey, splitByPrompt } from "../../lib/data/split.ts";
import { createPrng } from "../../lib/random/prng.ts";

const pairs = (prompts: readonly number[]) =>
  prompts.map((prompt, i) => ({ id: `${i}`, prompt: `${prompt}` }));

Deno.test("random splits keep prompts together, order, every pair, and the size asked for", () => {
  const prng = createPrng(0, "split-test");
  for (let i = 0; i < 200; i++) {
    const data = pairs(Array.from({ length: 2 + prng.integer(60) }, () => prng.integer(20)));
    const prompts = new Set(data.map(({ prompt }) => prompt));
    if (prompts.size < 2) continue;
    const fraction = prng.uniform() * 0.99;
    const { train, heldOut } = splitByPrompt(data, fraction, createPrng(i, "split"));
    assert.ok(train.length > 0 && (heldOut.length > 0 || fraction === 0));
    const held = new Set(heldOut.map(({ prompt }) => prompt));
    assert.ok(train.every(({ prompt }) => !held.has(prompt)));
    assert.deepEqual(data.filter(({ prompt }) => held.has(prompt)), heldOut);
    assert.deepEqual(data.filter(({ prompt }) => !held.has(prompt)), train);
    const sizes = [...Map.groupBy(data, ({ prompt }) => prompt).values()].map((each) =>
      each.length
    );
    const target = Math.round(fraction * data.length);
    if (fraction > 0) assert.ok(heldOut.length <= Math.max(target, Math.min(...sizes)));
  }
});

Deno.test("with one pair a prompt the split is exact, seeded, and differs between seeds", () => {
  const data = pairs(Array.from({ length: 100 }, (_, i) => i));
  const split = (seed: number) => splitByPrompt(data, 0.1, createPrng(seed, "split"));
  assert.equal(split(0).heldOut.length, 10);
  assert.deepEqual(split(0), split(0));
  assert.notDeepEqual(split(0).heldOut, split(1).heldOut);
});

Deno.test("a prompt larger than what is asked for is held out under no seed", () => {
  const large = Array.from({ length: 90 }, () => 0);
  const data = pairs([...large, ...Array.from({ length: 10 }, (_, i) => 1 + i)]);
  for (let seed = 0; seed < 40; seed++) {
    const held = (fraction: number) =>
      splitByPrompt(data, fraction, createPrng(seed, "split")).heldOut;
    assert.equal(held(0.1).length, 10);
    assert.equal(held(0.001).length, 1, "none fits: the smallest");
  }
});

Deno.test("nothing, or at least one prompt, is held out", () => {
  const data = pairs([1, 1, 1, 2, 2]);
  const prng = () => createPrng(0, "split");
  assert.deepEqual(splitByPrompt(data, 0, prng()), { train: data, heldOut: [] });
  const small = splitByPrompt(data, 0.01, prng());
  assert.ok(small.heldOut.length > 0 && small.train.length > 0);
  assert.throws(() => splitByPrompt(pairs([1, 1]), 0.5, prng()), { message: /same prompt/ });
  for (const bad of [-0.1, 1, NaN]) {
    assert.throws(() => splitByPrompt(data, bad, prng()), { message: /must be in \[0, 1\)/ });
  }
});

Deno.test("prompts are equal by role and content, not by form", () => {
  const talk = [{ role: "user", content: "a" }];
  assert.equal(promptKey(talk), promptKey([{ content: "a", role: "user" }]));
  assert.notEqual(promptKey(talk), promptKey("a"));
  assert.notEqual(promptKey(talk), promptKey([...talk, ...talk]));
  assert.notEqual(promptKey("a"), promptKey("b"));
});
