import assert from "node:assert/strict";
import { FAILURE_THRESHOLDS, failureWarnings } from "../../lib/metrics/failure_signatures.ts";
import { klPerResponse } from "../../lib/metrics/kl.ts";
import type { MetricName, MetricValues } from "../../lib/metrics/metrics.ts";
import { distinct2, repetitionRate } from "../../lib/metrics/text_statistics.ts";

const healthy: MetricValues = {
  gold: 1,
  distinct2: 0.4,
  repetitionRate: 0.05,
  truncationRate: 0,
  validRate: 0.9,
  marginP90: 1,
  trainLoss: 0.5,
  heldOutLoss: 0.55,
};
const SFT: MetricValues = { distinct2: 0.4, truncationRate: 0, validRate: 0.8 };
const warningsOf = (iterations: MetricValues[], sft = SFT, score?: MetricName | null) =>
  failureWarnings(iterations.map((each) => ({ ...healthy, ...each })), sft, score)
    .map(({ signature, iteration }) => `${signature} ${iteration}`);
const signatures = (...iterations: MetricValues[]) => warningsOf(iterations);

Deno.test("a healthy run has no warnings; unmeasured values give none", () => {
  assert.deepEqual(
    signatures({}, { gold: 1.2 }, { gold: 1.2 - FAILURE_THRESHOLDS.scoreDrop / 2 }),
    [],
  );
  const unknown = { gold: null, marginP90: null, heldOutLoss: null, validRate: null };
  assert.deepEqual(signatures(unknown, { gold: 1 }), []);
  assert.deepEqual(failureWarnings([{}, {}], {}), []);
});

Deno.test("each failure is named once, at the first iteration that shows it", () => {
  assert.deepEqual(signatures({}, { distinct2: 0.05 }, { repetitionRate: 0.5 }), ["collapse 2"]);
  assert.deepEqual(signatures({ truncationRate: 0.3 }), ["collapse 1"]);
  // 0.39 of valid samples is less than half of the SFT model's 0.8.
  assert.deepEqual(signatures({ validRate: 0.41 }, { validRate: 0.39 }), ["collapse 2"]);
  assert.deepEqual(signatures({ marginP90: 0.01 }, {}), ["irm-uniformly-low 1"]);
  assert.deepEqual(signatures({ gold: 1 }, { gold: 1.4 }, { gold: 1.2 }), ["decline 3"]);
});

Deno.test("collapse is measured against the SFT model, decline by the score that is told", () => {
  const truncated = { ...SFT, truncationRate: 0.15 };
  assert.deepEqual(warningsOf([{ truncationRate: 0.3 }], truncated), []);
  assert.deepEqual(warningsOf([{ truncationRate: 0.36 }], truncated), ["collapse 1"]);
  assert.deepEqual(warningsOf([{ distinct2: 0.05 }], { ...SFT, distinct2: 0.15 }), []);
  const falling = [{ heldOutAccuracy: 0.8, gold: 0 }, { heldOutAccuracy: 0.6, gold: 1 }];
  assert.deepEqual(warningsOf(falling, SFT, "heldOutAccuracy"), ["decline 2"]);
  assert.deepEqual(warningsOf(falling), []);
  assert.deepEqual(warningsOf([{ gold: 1 }, { gold: 0 }], SFT, null), []);
});

Deno.test("of few samples a rise of the cut ones must be more than two standard errors", () => {
  const named = (share: number, sft: number, samples?: number) =>
    failureWarnings([{ truncationRate: share }], { truncationRate: sft }, null, samples);
  // sqrt(1/4 / 16 + 3/4 / 4 / 16) = 0.165: a quarter more of half is chance.
  assert.deepEqual(named(0.75, 0.5, 16), []);
  assert.equal(named(0.75, 0.5).length, 1);
  assert.equal(named(0.75, 0.5, 30).length, 1, "0.242");
  assert.equal(named(0.875, 0.5, 16)[0]?.detail.slice(-14), "(limit +0.300)");
  // From none at all a quarter is 2.3 standard errors; all of them have none.
  assert.deepEqual([named(0.25, 0, 16).length, named(1, 0.75, 16).length], [1, 1]);
  assert.match(named(0.25, 0)[0]?.detail ?? "", /\(limit \+0\.2\)$/);
});

Deno.test("the gap is over-fitting: held-out loss above its own best while training's falls", () => {
  const gap = (...losses: [train: number | null, heldOut: number | null][]) =>
    signatures(...losses.map(([trainLoss, heldOutLoss]) => ({ trainLoss, heldOutLoss })));
  assert.deepEqual(gap([0.6, 0.65], [0.5, 0.8]), ["train-held-out-gap 2"]);
  // Against the best, not the one before: 0.6, 0.66, 0.72 rises slowly.
  assert.deepEqual(gap([0.6, 0.6], [0.5, 0.66], [0.4, 0.72]), ["train-held-out-gap 3"]);
  // Easy pairs are selected: training's loss falls far below, and held-out pairs lose nothing.
  assert.deepEqual(gap([0.6, 0.65], [0.2, 0.6], [0.05, 0.62]), []);
  // Both rise: no over-fitting.
  assert.deepEqual(gap([0.6, 0.65], [0.7, 0.9]), []);
  // Ten per cent of IPO's 25, and of a negative loss, is more than 0.1.
  assert.deepEqual(gap([24, 25], [20, 27]), []);
  assert.deepEqual(gap([24, 25], [20, 28]), ["train-held-out-gap 2"]);
  assert.deepEqual(gap([-4, -5], [-6, -4.7], [-7, -4.4]), ["train-held-out-gap 3"]);
  assert.deepEqual(gap([0.5, 2]), []);
  assert.deepEqual(gap([null, 0.6], [0.5, 0.9]), []);
  assert.deepEqual(gap([0.6, null], [0.5, 0.9], [0.4, 1.1]), ["train-held-out-gap 3"]);
});

Deno.test("text statistics by hand", () => {
  // Bigrams: 1-2, 2-1, 1-2 | 1-2. Two different of four.
  assert.equal(distinct2([[1, 2, 1, 2], [1, 2]]), 0.5);
  assert.ok(Number.isNaN(distinct2([[1]])));
  // First response repeats one of three; the second none.
  assert.ok(Math.abs(repetitionRate([[1, 2, 1, 2], [1, 2]]) - 1 / 6) < 1e-12);
});

Deno.test("KL is the mean log-ratio on the policy's samples", () => {
  assert.equal(klPerResponse([-1, -2], [-3, -2]), 1);
  assert.throws(() => klPerResponse([1], []), RangeError);
});
