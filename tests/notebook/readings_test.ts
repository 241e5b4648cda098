import assert from "node:assert/strict";
import { completeStatements, readings } from "../../lib/notebook/readings.ts";
import { contrasts } from "../../lib/study/contrasts.ts";
import { assertUserError } from "../support/errors.ts";
import { rowsWithGold } from "../study/sample_study.ts";

/** SeRA is better than DPO by 1, 2 and 3 at 20 %; its share of flips is smaller by 0.1 or so. */
const rows = rowsWithGold((arm, condition, seed) =>
  100 * seed + (arm === "sera" && condition === "noise-20" ? 1 + seed : 0)
).map((row) => ({
  ...row,
  flippedSelected: row.arm === "sera" ? 0.05 : 0.149 + 0.001 * row.seed,
  truncationRate: row.arm === "sera" ? 0.05 : 0.15,
}));
const at20 = readings(rows, "noise-20");
const words = { above: "above", below: "below", open: "open" };

Deno.test("a mean is over an arm's seeds, in the iteration that is asked for", () => {
  assert.equal(`${at20.mean("gold", "sera")}`, "102"); // (1 + 102 + 203) / 3
  assert.equal(`${at20.mean("gold", "sera", 1)}`, "101");
  assert.equal(`${at20.mean("gold", "dpo", 0)}`, "0.00");
});

Deno.test("a difference is the contrast of figures and verdicts, to the digit", () => {
  const [contrast] = contrasts(rows, "gold", [["sera", "dpo"]])
    .filter((each) => each.condition === "noise-20");
  const { mean, low, high, n } = at20.difference("gold", "sera", "dpo");
  assert.deepEqual([mean, low, high], [contrast?.mean, contrast?.low, contrast?.high]);
  assert.deepEqual([n, at20.mean("gold", "sera").n], [contrast?.n, 3]);
  const own = at20.difference("gold", "sera", "sera", { iteration: 2, baselineIteration: 1 });
  assert.equal(`${own}`, "+1.00", "equal in every seed: no interval");
  assert.equal(own.counted, "+1.00 (n 3)");
  assert.equal(at20.mean("gold", "sera").counted, "102 (n 3)");
  assert.equal(readings([], "noise-20").mean("gold", "sera").counted, "(no runs yet)");
});

Deno.test("shares are percent, their differences points; times are ratios", () => {
  assert.equal(`${at20.mean("flippedSelected", "dpo")}`, "15 %");
  assert.equal(`${at20.mean("flippedSelected", "sera")}`, "5.0 %");
  const difference = at20.difference("flippedSelected", "sera", "dpo");
  assert.equal(`${difference}`, "\u221210.0 [\u221210.2, \u22129.8] points");
  const equal = at20.difference("truncationRate", "sera", "dpo");
  assert.equal(`${equal}`, "\u221210.0 points", "no interval, and no NaN in a sentence");
  const ratio = at20.difference("totalTrainingSeconds", "sera", "dpo", { log: true });
  assert.equal(`${ratio}`, "\u00d71.00 [\u00d71.00, \u00d71.00]");
});

Deno.test("words follow the interval, not the mean", () => {
  assert.equal(at20.difference("gold", "sera", "dpo").words(words), "open"); // 2 +- 2.5
  assert.equal(at20.difference("flippedSelected", "sera", "dpo").words(words), "below");
  assert.equal(at20.difference("flippedSelected", "dpo", "sera").words(words), "above");
});

Deno.test("what has no runs says so, and its statement is left out", async () => {
  const none = readings(rows, "noise-40");
  const gain = none.difference("gold", "sera", "dpo");
  assert.equal(`${none.mean("gold", "sera")} ${gain.words(words)}`, "(no runs yet) (no runs yet)");
  assert.equal(
    completeStatements(
      `## Found\n\n- two\n  lines, ${at20.mean("gold", "sera")}\n- ${gain}\n- last`,
    ),
    "## Found\n\n- two\n  lines, 102\n- last\n\n_1 statement waits for runs that have no record yet._",
  );
  assert.equal(completeStatements("all\n\nthere"), "all\n\nthere");
  assert.match(completeStatements(`${NaN} gold\n\n${gain}`), /2 statements wait/);
  await assertUserError(
    () => at20.difference("goold" as "gold", "sera", "dpo"),
    /no metric is called/,
  );
});
