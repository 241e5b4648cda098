import assert from "node:assert/strict";
import {
  formatDuration,
  formatEnd,
  formatFigure,
  formatProgress,
  formatRate,
} from "../../lib/progress/format_progress.ts";

const update = { name: "update", unit: "step", done: 14, total: 40, elapsed: 124 };
const phases = [
  { name: "iteration", done: 1, total: 3, elapsed: 400 },
  { ...update, secondsPerItem: 3.1, secondsLeft: 80.6 },
];

Deno.test("open phases make one line", () => {
  assert.equal(
    formatProgress({ phases, fields: { loss: 0.64123 } }),
    "iteration 2/3 | update | step 14/40 | loss 0.6412 | 3.1 s/step | 1 m 21 s left",
  );
  assert.equal(
    formatProgress({ phases: [{ name: "reading model", done: 0, elapsed: 1 }], fields: {} }),
    "reading model",
  );
  assert.equal(
    formatProgress({ phases: [{ name: "runs", done: 3, total: 3, elapsed: 1 }], fields: {} }),
    "runs 3/3",
  );
});

Deno.test("an ended phase tells its count and time", () => {
  const ended = { phases: [phases[0]!, { ...update, done: 40 }], fields: { loss: 0.521 } };
  assert.equal(formatEnd(ended), "iteration 2/3 | update | 40 steps in 2 m 04 s | loss 0.5210");
  const plain = { phases: [{ name: "reading model", done: 0, elapsed: 3 }], fields: {} };
  assert.equal(formatEnd(plain), "reading model in 3.0 s");
});

Deno.test("durations", () => {
  const cases: [number, string][] = [
    [0, "0 ms"],
    [0.9994, "999 ms"],
    [0.9996, "1.0 s"],
    [9.94, "9.9 s"],
    [9.96, "10 s"],
    [59.4, "59 s"],
    [59.6, "1 m 00 s"],
    [124, "2 m 04 s"],
    [3599.6, "1 h 00 m"],
    [3900, "1 h 05 m"],
    [90000, "25 h 00 m"],
  ];
  for (const [seconds, text] of cases) assert.equal(formatDuration(seconds), text);
});

Deno.test("rates turn over where items get fast", () => {
  assert.equal(formatRate(3.14, "step"), "3.1 s/step");
  assert.equal(formatRate(0.25, "pair"), "4.0 pairs/s");
  assert.equal(formatRate(0.0002, "token"), "5000 tokens/s");
});

Deno.test("figures", () => {
  assert.deepEqual(
    [0.5, 12, 1e-5, 2.5e7, NaN, "x"].map(formatFigure),
    ["0.5000", "12", "1.00e-5", "25000000", "NaN", "x"],
  );
});
