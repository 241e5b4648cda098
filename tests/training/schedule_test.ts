import assert from "node:assert/strict";
import { learningRateAt, type Schedule } from "../../lib/training/schedule.ts";

const rates = (schedule: Omit<Schedule, "peak">) =>
  Array.from(
    { length: schedule.totalSteps },
    (_, step) => Math.round(learningRateAt({ ...schedule, peak: 2 }, step) * 1e6) / 1e6,
  );

Deno.test("warm-up climbs in equal steps to the peak, which is then kept", () => {
  assert.deepEqual(
    rates({ name: "constant", warmupSteps: 4, totalSteps: 6 }),
    [0.5, 1, 1.5, 2, 2, 2],
  );
});

Deno.test("linear falls in equal steps and ends above 0", () => {
  assert.deepEqual(rates({ name: "linear", warmupSteps: 0, totalSteps: 4 }), [2, 1.5, 1, 0.5]);
  assert.deepEqual(rates({ name: "linear", warmupSteps: 2, totalSteps: 4 }), [1, 2, 2, 1]);
});

Deno.test("cosine falls as half a wave and ends above 0", () => {
  // 1 + cos(pi k / 4), k = 0..3.
  assert.deepEqual(
    rates({ name: "cosine", warmupSteps: 0, totalSteps: 4 }),
    [2, 1.707107, 1, 0.292893],
  );
});

Deno.test("no rate is negative or above the peak, after the last step and in odd schedules too", () => {
  for (const name of ["constant", "linear", "cosine"] as const) {
    for (const [warmupSteps, totalSteps] of [[0, 1], [5, 3], [3, 3], [1, 10]] as const) {
      for (let step = 0; step < 15; step++) {
        const rate = learningRateAt({ name, peak: 2, warmupSteps, totalSteps }, step);
        assert.ok(
          rate >= 0 && rate <= 2,
          `${name}, ${warmupSteps} of ${totalSteps}, ${step}: ${rate}`,
        );
      }
    }
  }
});
