import assert from "node:assert/strict";
import {
  FAILURE_THRESHOLDS,
  failureWarnings,
  type IterationHealth,
} from "../../lib/evaluation/failure_signatures.ts";
import { klPerResponse } from "../../lib/evaluation/kl.ts";
import { distinct2, repetitionRate, truncationRate } from "../../lib/evaluation/text_statistics.ts";

const healthy: IterationHealth = {
  gold: 1,
  distinct2: 0.4,
  repetitionRate: 0.05,
  truncationRate: 0,
  marginP90: 1,
  trainLoss: 0.5,
  heldOutLoss: 0.55,
};
const signatures = (...iterations: Partial<IterationHealth>[]) =>
  failureWarnings(iterations.map((each) => ({ ...healthy, ...each })), 0.4)
    .map(({ signature, iteration }) => `${signature} ${iteration}`);

Deno.test("a healthy run has no warnings; unmeasured values give none", () => {
  assert.deepEqual(
    signatures({}, { gold: 1.2 }, { gold: 1.2 - FAILURE_THRESHOLDS.goldDrop / 2 }),
    [],
  );
  assert.deepEqual(signatures({ gold: NaN, marginP90: NaN, heldOutLoss: NaN }, { gold: 1 }), []);
});

Deno.test("each failure is named once, at the first iteration that shows it", () => {
  assert.deepEqual(signatures({}, { distinct2: 0.05 }, { repetitionRate: 0.5 }), ["collapse 2"]);
  assert.deepEqual(signatures({ truncationRate: 0.3 }), ["collapse 1"]);
  assert.deepEqual(signatures({ marginP90: 0.01 }, {}), ["irm-uniformly-low 1"]);
  assert.deepEqual(signatures({ gold: 1 }, { gold: 1.4 }, { gold: 1.2 }), ["decline 3"]);
  assert.deepEqual(signatures({}, { heldOutLoss: 0.9 }), ["train-held-out-gap 2"]);
});

Deno.test("text statistics by hand", () => {
  // Bigrams: 1-2, 2-1, 1-2 | 1-2. Two different of four.
  assert.equal(distinct2([[1, 2, 1, 2], [1, 2]]), 0.5);
  assert.ok(Number.isNaN(distinct2([[1]])));
  // First response repeats one of three; the second none.
  assert.ok(Math.abs(repetitionRate([[1, 2, 1, 2], [1, 2]]) - 1 / 6) < 1e-12);
  assert.equal(truncationRate([[5, 2], [5, 5], []], 2), 2 / 3);
});

Deno.test("KL is the mean log-ratio on the policy's samples", () => {
  assert.equal(klPerResponse([-1, -2], [-3, -2]), 1);
  assert.throws(() => klPerResponse([1], []), RangeError);
});
