/** A policy's samples measured by hand: under models that draw each token from a fixed table. */
import assert from "node:assert/strict";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { rewardOf } from "../../lib/losses/loss_config.ts";
import { measureSamples } from "../../lib/metrics/measure_samples.ts";
import type { Response } from "../../lib/policy/generate.ts";
import { LanguageModel } from "../../lib/policy/language_model.ts";
import { loadParameters } from "../../lib/policy/parameters.ts";
import { assertClose } from "../parity/assert_close.ts";
import { TINY_CONFIG, tinyTensors } from "../support/tiny_model.ts";

await loadEngine();

/** Token v has probability `table[v]`, whatever stands before it. */
async function unigramModel(table: readonly number[]): Promise<LanguageModel> {
  const config = { ...TINY_CONFIG, vocabSize: table.length, layers: 1, tieEmbeddings: false };
  const tensors = tinyTensors(config, 0);
  for (const [name, { data }] of tensors) {
    // Every hidden state is all ones: embeddings and norms are, and the layer adds nothing.
    data.fill(/proj/.test(name) ? 0 : 1);
    if (name !== "lm_head.weight") continue;
    const width = config.hiddenSize / Math.sqrt(1 + config.rmsNormEps);
    data.forEach((_, i) => data[i] = Math.log(table[Math.floor(i / config.hiddenSize)]!) / width);
  }
  return new LanguageModel(
    config,
    await loadParameters(config, {
      origin: "table",
      names: [...tensors.keys()],
      shape: (name) => tensors.get(name)!.shape,
      read: (name) => Promise.resolve(tensors.get(name)!.data),
    }),
  );
}

const policy = await unigramModel([1 / 2, 1 / 4, 1 / 8, 1 / 8]);
const reference = await unigramModel([1 / 4, 1 / 4, 1 / 4, 1 / 4]);
const models = { policy, reference, reward: rewardOf({ name: "dpo", beta: 0.1 }), maxRows: 64 };
const response = (finished: boolean, ...ids: number[]) => ({ ids: Int32Array.from(ids), finished });
const PROMPTS = [Int32Array.of(1), Int32Array.of(2, 3)];
const RESPONSES = [
  [response(true, 1, 0), response(false, 2, 3, 2, 3)],
  [response(true, 0), response(true, 1, 1, 0)],
];
const GOLD: Record<string, number> = { "1,0": 1, "2,3,2,3": -1, "0": 0.5, "1,1,0": 2 };
const gold = {
  reward: (_: Int32Array, ids: Int32Array) => GOLD[ids.join()]!,
  valid: (_: Int32Array, ids: Int32Array) => ids.at(-1) === 0,
};

Deno.test("samples by hand: length, KL, variety, truncation", async () => {
  const { metrics, lengths, rewards } = await measureSamples(PROMPTS, RESPONSES, models);
  assert.deepEqual(lengths, [[2, 4], [1, 3]]);
  assert.equal(rewards, undefined);
  assert.equal(metrics.length, 2.5);
  // log-ratio per token: ln 2 for 0, none for 1, -ln 2 for 2 and 3. Responses: 1, -4, 1 and 1 ln 2.
  assertClose(metrics.kl!, -Math.LN2 / 4, 0, "KL", 1e-5);
  // Bigrams 10 | 23 32 23 | - | 11 10: four different ones of six; one of three repeats in the second.
  assertClose(metrics.distinct2!, 4 / 6, 1e-12, "distinct-2");
  assertClose(metrics.repetitionRate!, 1 / 12, 1e-12, "repetition");
  assert.equal(metrics.truncationRate, 1 / 4);
  assert.deepEqual(
    Object.keys(metrics),
    ["length", "kl", "distinct2", "repetitionRate", "truncationRate"],
    "nothing of quality without a gold reward",
  );
});

Deno.test("samples by hand: gold, its error, win rates, correlations", async () => {
  const sft = { rewards: [[0, 1], [1, 0]], lengths: [[2, 3], [2, 5]] };
  const { metrics, rewards } = await measureSamples(PROMPTS, RESPONSES, { ...models, gold, sft });
  assert.deepEqual(rewards, [[1, -1], [0.5, 2]]);
  // Prompts 0 and 1.25: mean 0.625, SD 1.25 / sqrt 2, over sqrt 2 prompts.
  assert.equal(metrics.gold, 0.625);
  assertClose(metrics.goldSe!, 0.625, 1e-12, "SE");
  // 1 beats 0 and ties 1, -1 loses twice: 1.5 of 4. 0.5 beats 0, 2 beats both: 3 of 4.
  assert.equal(metrics.winVsSft, (1.5 / 4 + 3 / 4) / 2);
  assert.equal(metrics.validRate, 3 / 4);
  // Gold 1 -1 0.5 2, length 2 4 1 3: products about the means -1.75, squares 4.6875 and 5.
  assertClose(
    metrics.goldLengthCorrelation!,
    -1.75 / Math.sqrt(4.6875 * 5),
    1e-9,
    "gold and length",
  );
  // Rewards in units of 0.1 ln 2: 1 -4 1 1. Products 8.125, squares 18.75 and 4.6875: 8.125 / 9.375.
  assertClose(metrics.rewardGoldCorrelation!, 8.125 / 9.375, 1e-4, "reward and gold");
});

Deno.test("the SFT model against itself: no KL, even chances, no reward to correlate", async () => {
  const { metrics } = await measureSamples(PROMPTS, RESPONSES, {
    ...models,
    policy: reference,
    gold: { reward: gold.reward },
  });
  assert.deepEqual([metrics.kl, metrics.winVsSft, metrics.lcWinVsSft], [0, 0.5, 0.5]);
  assert.deepEqual([metrics.rewardGoldCorrelation, metrics.validRate], [null, null]);
  // Prompts weigh the same, however many samples they have: 1 and (0.5 + 2 + 2) / 3.
  const [[first], [second, third]] = RESPONSES as [Response[], Response[]];
  const uneven = [[first!], [second!, third!, third!]];
  assert.equal((await measureSamples(PROMPTS, uneven, { ...models, gold })).metrics.gold, 1.25);
  const one = await measureSamples(PROMPTS.slice(1), [[response(true, 0)]], { ...models, gold });
  assert.deepEqual(
    [one.metrics.goldSe, one.metrics.distinct2, one.metrics.goldLengthCorrelation],
    [null, null, null],
    "of one sample of one token",
  );
  assert.deepEqual(await measureSamples([], [], models), { metrics: {}, lengths: [] });
});

Deno.test("where all are equally long, the length-controlled win rate is the win rate", async () => {
  const responses = [[response(true, 1, 0), response(true, 1, 0)]];
  const sft = { rewards: [[0, 2]], lengths: [[2, 2]] };
  const { metrics } = await measureSamples(PROMPTS.slice(0, 1), responses, {
    ...models,
    gold,
    sft,
  });
  assert.equal(metrics.winVsSft, 0.5);
  assertClose(metrics.lcWinVsSft!, 0.5, 0, "at equal length", 1e-5);
});
