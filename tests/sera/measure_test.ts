/** What is measured after an iteration, by hand from log-probabilities that the store gives. */
import assert from "node:assert/strict";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import type { TokenizedPair } from "../../lib/data/preference.ts";
import { mean } from "../../lib/metrics/mean.ts";
import { generate } from "../../lib/policy/generate.ts";
import type { SeraOptions } from "../../lib/sera/config.ts";
import { assertClose } from "../parity/assert_close.ts";
import {
  DiskStore,
  EVALUATION,
  GOLD,
  HELD_OUT,
  policyAndReference,
  run,
  STOPS,
} from "./sera_run.ts";

await loadEngine();

const pair = (id: string, chosen: number, rejected: number): TokenizedPair => ({
  id,
  promptIds: Int32Array.of(5),
  chosenIds: new Int32Array(chosen).fill(7),
  rejectedIds: new Int32Array(rejected).fill(8),
});
/** Chosen and rejected lengths 4, 3; 2, 5; 1, 1. */
const heldOut = [pair("a", 4, 3), pair("b", 2, 5), pair("c", 1, 1)];

/** The metrics of one iteration whose held-out log-probabilities [chosen, rejected] are given. */
async function measured(options: SeraOptions) {
  const store = new DiskStore();
  const keep = (name: string, value: number[][]) =>
    store.disk.values.set(`logps/${name}-held-out-0`, JSON.stringify({ value, seconds: 1 }));
  keep("policy-1", [[-2, -3], [-4, -2], [-8, -6]]);
  keep("sft", [[-3, -3], [-4, -3], [-8, -6]]);
  const mismatched = (name: string, value: number[][]) =>
    store.disk.values.set(
      `logps/${name}-held-out-mismatched-0`,
      JSON.stringify({ value, seconds: 1 }),
    );
  mismatched("policy-1", [[-2, -3], [-4, -2], [-8, -6]]);
  mismatched("sft", [[-4, -4], [-4, -5], [-8, -6]]);
  const { iterations: [first] } = await run({ ...options, iterations: 1 }, { heldOut }, store);
  return first!.metrics;
}

Deno.test("held-out metrics of DPO by hand", async () => {
  // rho chosen 1, 0, 0 and rejected 0, 1, 0; beta 0.5: margins 0.5, -0.5, 0.
  const metrics = await measured({});
  // ln(1 + e^-0.5) = 0.474077, ln(1 + e^0.5) = 0.974077, ln 2 = 0.693147.
  assertClose(metrics.heldOutLoss!, 0.713767, 0, "loss", 1e-6);
  assert.equal(metrics.heldOutMargin, 0);
  assert.equal(metrics.heldOutAccuracy, 0.5); // one, none, and half for the tie
  assertClose(metrics.heldOutChosenLogp!, -14 / 3, 1e-12, "chosen");
  assertClose(metrics.heldOutRejectedLogp!, -11 / 3, 1e-12, "rejected");
  // Rewards 0.5 0 0 | 0 0.5 0, lengths 4 2 1 | 3 5 1. Means 1/6 and 8/3; the sum of products is
  // 2 + 2.5 - 6 * 1/6 * 8/3 = 11/6, the squares 0.5 - 1/6 = 1/3 and 56 - 128/3 = 40/3:
  // 11/6 / sqrt(40/9) = 0.869626.
  assertClose(metrics.rewardLengthCorrelation!, 0.869626, 0, "reward and length", 1e-6);
});

Deno.test("held-out metrics follow the loss: its anchor and its own reward", async () => {
  // The anchor adds 0.3 of the chosen NLL per token: (2/4 + 4/2 + 8/1) / 3 = 3.5.
  const anchored = await measured({ nllAlpha: 0.3 });
  assertClose(anchored.heldOutLoss!, 0.713767 + 1.05, 0, "anchored loss", 1e-6);
  assert.equal(anchored.heldOutMargin, 0);
  // KTO, beta 0.5: mismatched rho 2 1 0 3 0 0, so z0 = 1, and losses, each sigmoid(-0.5 (rho_w - 1))
  // + 2 sigmoid(-0.5 (1 - rho_l)), of 0.5 + 0.755081, 0.622459 + 1 and 0.622459 + 0.755081.
  const kto = await measured({ loss: { name: "kto", beta: 0.5, undesirableWeight: 2 } });
  assertClose(kto.heldOutLoss!, 1.418360, 0, "KTO's loss", 1e-6);
  assert.equal(kto.heldOutMargin, 0);
  // SimPO, beta 2: rewards 2 l / |y| are -1, -4, -16 | -2, -0.8, -12; margins 1, -3.2, -4.
  const simpo = await measured({ loss: { name: "simpo", beta: 2, gammaMarginRatio: 0 } });
  assertClose(simpo.heldOutMargin!, -6.2 / 3, 1e-12, "SimPO's margin");
  assertClose(simpo.heldOutAccuracy!, 1 / 3, 1e-12, "SimPO's accuracy");
});

Deno.test("what is not there is not measured", async () => {
  const { iterations: [first], sft, samples } = await run({ iterations: 1 }, { heldOut: [] });
  assert.equal("heldOutLoss" in first!.metrics, false);
  assert.equal("gold" in first!.metrics, false);
  assert.deepEqual([sft, samples], [{}, { metrics: {}, lengths: [] }]);
  // Of samples without a gold reward: length and KL, no win rate.
  const { gold: _, ...evaluation } = EVALUATION;
  const { iterations: [second] } = await run({ iterations: 1 }, { evaluation });
  assert.ok(second!.metrics.length! > 0 && typeof second!.metrics.kl === "number");
  assert.equal("winVsSft" in second!.metrics, false);
});

Deno.test("measuring changes no weight, and the last policy's samples are its own", async () => {
  const without = await run({}, { heldOut: [] });
  const outcome = await run({}, { evaluation: EVALUATION });
  assert.deepEqual(outcome.weights, without.weights);
  const { iterations, sft, samples } = outcome;
  assert.deepEqual(sft.winVsSft, 0.5);
  assert.equal(sft.kl, 0);
  assert.equal(samples.metrics.gold, iterations.at(-1)!.metrics.gold);
  assert.deepEqual(samples.lengths.map((each) => each.length), HELD_OUT.map(() => 3));
  assert.ok(iterations.every(({ metrics }) => metrics.winVsSft !== undefined && metrics.kl !== 0));
  assert.equal(new Set(iterations.map(({ metrics }) => metrics.gold)).size, 3);
});

Deno.test("samples are drawn at temperature 1 with nothing cut, from the model that is measured", async () => {
  const { policy, reference } = await policyAndReference();
  const { prompts, samplesPerPrompt: responses, maxNewTokens, batch } = EVALUATION;
  const drawn = await generate(reference, prompts, {
    ...{ responses, maxNewTokens, batch, stopTokenIds: STOPS, seed: 0 },
    ...{ path: ["SFT evaluation"], temperature: 1, topP: 1, topK: 0 },
  });
  const input = { policy, reference, evaluation: EVALUATION };
  const { sft } = await run({ iterations: 1 }, input);
  const lengths = drawn.flat().map(({ ids }) => ids.length);
  assert.equal(sft.length, mean(lengths));
  const gold = drawn.map((each, p) => mean(each.map(({ ids }) => GOLD.reward(prompts[p]!, ids))));
  assertClose(sft.gold!, mean(gold), 1e-12, "gold");
});

Deno.test("samples of the SFT model that are there already are measured as they are", async () => {
  const sftSamples = HELD_OUT.map((_, i) => [
    { ids: Int32Array.of(4 + i, STOPS[0]!), finished: true },
    { ids: Int32Array.of(6, 6, 6), finished: false },
  ]);
  const evaluation = { ...EVALUATION, sftSamples };
  const { sft } = await run({ iterations: 1 }, { evaluation });
  assert.equal(sft.length, 2.5);
  assert.equal(sft.truncationRate, 0.5);
  // Rewards are mean ids over 20: (4 + i + 1) / 40 for i = 0 to 3, and 0.3: (0.1625 + 0.3) / 2.
  assertClose(sft.gold!, 0.23125, 1e-12, "gold");
});
