import assert from "node:assert/strict";
import { GREEDY, sampleToken, type SamplingRule } from "../../lib/policy/sampling.ts";
import { createPrng, type Prng } from "../../lib/random/prng.ts";
import { assertUserError } from "../support/errors.ts";
import { assertFrequencies, warpedProbabilities } from "./frequencies.ts";

const noDraw: Prng = new Proxy({} as Prng, {
  get: () => () => assert.fail("greedy decoding must not draw"),
});

function counts(logits: Float32Array, rule: SamplingRule, draws: number, seed = 1): Int32Array {
  const prng = createPrng(seed, "sampling test");
  const out = new Int32Array(logits.length);
  for (let i = 0; i < draws; i++) out[sampleToken(logits, rule, prng)]!++;
  return out;
}

function normalLogits(count: number, spread: number, seed = 1): Float32Array {
  const prng = createPrng(seed, "logits");
  return Float32Array.from({ length: count }, () => spread * prng.normal());
}

Deno.test("greedy takes the largest logit, ties to the lowest id, and draws nothing", () => {
  const cases: [number[], number][] = [
    [[1, 3, 2], 1],
    [[-5, -2, -2, -9], 1],
    [[0, 0, 0], 0],
    [[-Infinity, -1e30], 1],
    [[7], 0],
  ];
  for (const [logits, expected] of cases) {
    assert.equal(sampleToken(Float32Array.from(logits), GREEDY, noDraw), expected);
  }
});

const RULES: SamplingRule[] = [
  { temperature: 1, topP: 1, topK: 0 },
  { temperature: 0.5, topP: 1, topK: 0 },
  { temperature: 2.5, topP: 1, topK: 0 },
  { temperature: 1, topP: 1, topK: 3 },
  { temperature: 1, topP: 0.7, topK: 0 },
  { temperature: 0.7, topP: 0.9, topK: 5 },
  { temperature: 3, topP: 0.5, topK: 6 },
  { temperature: 1, topP: 1, topK: 100 },
];

for (const rule of RULES) {
  Deno.test(`frequencies follow the warped softmax: ${JSON.stringify(rule)}`, () => {
    const logits = normalLogits(12, 1.5);
    assertFrequencies(counts(logits, rule, 20_000), warpedProbabilities(logits, rule));
  });
}

Deno.test("top-k 1 and a tiny top-p are greedy at any temperature", () => {
  for (let seed = 0; seed < 50; seed++) {
    const logits = normalLogits(200, 1, seed);
    const best = sampleToken(logits, GREEDY, noDraw);
    for (const limit of [{ topP: 1, topK: 1 }, { topP: 1e-9, topK: 0 }, { topP: 0, topK: 0 }]) {
      const rule = { temperature: 5, ...limit };
      assert.equal(sampleToken(logits, rule, createPrng(seed, "k")), best, JSON.stringify(rule));
    }
  }
});

Deno.test("flat distributions: nothing is preferred, top-p and top-k keep the lowest ids", () => {
  const logits = new Float32Array(40).fill(-3);
  const rule = { temperature: 1, topP: 1, topK: 0 };
  const tenth = Float64Array.from({ length: 40 }, (_, i) => i < 10 ? 0.1 : 0);
  assertFrequencies(counts(logits, rule, 20_000), new Float64Array(40).fill(1 / 40));
  assertFrequencies(counts(logits, { ...rule, topK: 10 }, 20_000), tenth);
  assertFrequencies(counts(logits, { ...rule, topP: 0.25 }, 20_000), tenth);
});

Deno.test("a vocabulary of 49,152: the nucleus holds exactly its tokens", () => {
  const logits = normalLogits(49_152, 3);
  for (
    const rule of [
      { temperature: 1, topP: 0.5, topK: 0 },
      { temperature: 1, topP: 1, topK: 50 },
      { temperature: 0.8, topP: 0.9, topK: 200 },
    ]
  ) {
    const expected = warpedProbabilities(logits, rule);
    const own = counts(logits, rule, 300);
    const kept = expected.filter((p) => p > 0).length;
    assert.ok(kept >= 20 && kept < 40_000, `${kept} kept`);
    own.forEach((count, id) => assert.ok(count === 0 || expected[id]! > 0, `token ${id} is out`));
    // Tenths of the mass, by falling probability.
    const order = [...expected.keys()].sort((a, b) => expected[b]! - expected[a]!);
    const bins = Array.from({ length: 10 }, () => ({ count: 0, p: 0 }));
    let mass = 0;
    for (const id of order) {
      const bin = bins[Math.min(9, Math.floor(mass * 10))]!;
      bin.count += own[id]!;
      bin.p += expected[id]!;
      mass += expected[id]!;
    }
    assertFrequencies(bins.map((bin) => bin.count), bins.map((bin) => bin.p));
  }
});

Deno.test("many unlikely tokens together reach top-p, far below the first one", () => {
  // One token of weight 1; 5,000 of weight e^-8.2, 1.377 together; a few of no weight.
  const logits = new Float32Array(5_010).fill(-8.2);
  logits[7] = 0;
  logits.fill(-200, 5_000);
  const rule = { temperature: 1, topP: 0.9, topK: 0 };
  const own = counts(logits, rule, 300);
  const tail = 4_999 * Math.exp(-8.2);
  const share = 1 / (0.9 * (1 + tail));
  assertFrequencies([own[7]!, 300 - own[7]!], [share, 1 - share]);
  assert.ok(own.subarray(5_000).every((count) => count === 0));
  // The nucleus takes ids in order: the last tenth of the mass is out.
  const last = own.findLastIndex((count) => count > 0);
  const kept = Math.ceil((0.9 * (1 + tail) - 1) / Math.exp(-8.2));
  assert.ok(last <= kept + 1 && last > 0.95 * kept, `last ${last}, kept ${kept}`);
});

Deno.test("top-k reaches as deep as it must, and tokens of no probability are never drawn", () => {
  const logits = Float32Array.of(0, -11, -45, -170, -Infinity, -Infinity);
  const own = counts(logits, { temperature: 100, topP: 1, topK: 4 }, 20_000);
  assertFrequencies(own, warpedProbabilities(logits, { temperature: 100, topP: 1, topK: 4 }));
  for (const topK of [0, 5]) {
    const cold = counts(logits, { temperature: 1, topP: 1, topK }, 2000);
    assert.deepEqual([...cold.subarray(2)], [0, 0, 0, 0], `top-k ${topK}`);
  }
});

Deno.test("an equal shift of all logits changes no draw", () => {
  // Multiples of 1/16, so that the shift is exact in float32.
  const logits = normalLogits(50, 1).map((x) => Math.round(16 * x) / 16);
  for (const rule of RULES) {
    for (const shift of [-4096, 4096]) {
      assert.deepEqual(counts(logits.map((x) => x + shift), rule, 200), counts(logits, rule, 200));
    }
  }
});

Deno.test("the same generator gives the same draws, another one others", () => {
  const logits = normalLogits(50, 1);
  for (const rule of RULES) {
    assert.deepEqual(counts(logits, rule, 100, 4), counts(logits, rule, 100, 4));
    assert.notDeepEqual(counts(logits, rule, 100, 4), counts(logits, rule, 100, 5));
  }
});

Deno.test("a logit that is NaN or infinity is an error, not an endless search", async () => {
  const rules = [GREEDY, ...RULES];
  for (const bad of [NaN, Infinity]) {
    for (const position of [0, 1, 5]) {
      const logits = normalLogits(6, 1);
      logits[position] = bad;
      for (const rule of rules) {
        await assertUserError(
          () => sampleToken(logits, rule, createPrng(1, "nan")),
          `the logit of token ${position} is ${bad}`,
        );
      }
    }
  }
});
