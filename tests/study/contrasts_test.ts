import assert from "node:assert/strict";
import { contrasts } from "../../lib/study/contrasts.ts";
import { assertUserError } from "../support/errors.ts";
import { rowsWithGold, study } from "./sample_study.ts";

/** SeRA is better than DPO by 1, 2 and 3 at 20 %, and by nothing at 0 %, whatever the seed's level. */
const rows = rowsWithGold((arm, condition, seed) =>
  100 * seed + (arm === "sera" && condition === "noise-20" ? 1 + seed : 0)
);

Deno.test("by hand: differences 1, 2, 3 are 2 +- 4.303 x 1 / sqrt(3), paired by seed", () => {
  const found = contrasts(rows, "gold", [["sera", "dpo"]])
    .find(({ condition }) => condition === "noise-20");
  assert.ok(found !== undefined);
  const { mean, low, high, n, sd, pairs, label, row } = found;
  assert.deepEqual({ mean, n, sd, label }, { mean: 2, n: 3, sd: 1, label: "SeRA \u2212 DPO" });
  const half = 4.302652729911275 / Math.sqrt(3); // t(0.975, 2 degrees of freedom)
  assert.ok(Math.abs(low - (2 - half)) < 1e-9 && Math.abs(high - (2 + half)) < 1e-9);
  assert.deepEqual(pairs.map(({ difference }) => difference), [1, 2, 3]);
  assert.equal(row.flipRate, 0.2);
});

Deno.test("swapped arms turn every difference", () => {
  const [given, swapped] = [["sera", "dpo"], ["dpo", "sera"]].map((pair) =>
    contrasts(rows, "gold", [pair as [string, string]]).at(-1)
  );
  assert.deepEqual(
    swapped?.pairs.map(({ difference }) => -difference),
    given?.pairs.map(({ difference }) => difference),
  );
});

Deno.test("iterations: the arm's and the baseline's may differ", () => {
  const own = contrasts(rows, "gold", [["sera", "sera"]], { iteration: 2, baselineIteration: 1 });
  assert.deepEqual(own.map(({ mean }) => mean), [1, 1]);
});

Deno.test("shares of seeds that collapsed, of both arms; the method that gave the interval", () => {
  const fell = rows.map((row) =>
    row.arm === "sera" && row.seed > 0 || row.arm === "dpo" && row.seed === 0
      ? { ...row, warnings: ["collapse"] }
      : row
  );
  const found = contrasts(fell, "gold", [["sera", "dpo"]]).at(-1);
  assert.deepEqual([found?.collapsed, found?.baselineCollapsed], [2 / 3, 1 / 3]);
  assert.deepEqual([found?.method, found?.n], ["t", 3]);
});

Deno.test("a contrast that is no claim of an opened study is exploratory", () => {
  const claimOf = (
    metric: "gold" | "kl" = "gold",
    options: object = {},
    changes: object = {},
  ) =>
    contrasts(
      { study: { ...study, ...changes }, rows: rows.map((row) => ({ ...row, kl: 1 })) },
      metric,
      [["sera", "dpo"]],
      options,
    ).map(({ condition, claim }) => [condition, claim]);
  assert.deepEqual(claimOf(), [["noise-0", null], ["noise-20", "better"]]);
  for (
    const other of [
      claimOf("kl"),
      claimOf("gold", { iteration: 1 }),
      claimOf("gold", { log: true }),
      claimOf("gold", {}, { firstSeed: 1 }), // seed 0 was explored
    ]
  ) assert.deepEqual(other.map(([, claim]) => claim).filter((claim) => claim !== null), []);
  assert.equal(contrasts(rows, "gold", [["sera", "dpo"]]).at(-1)?.claim, null, "bare rows");
});

Deno.test("logarithms: the difference of ln is a ratio's", () => {
  const timed = rows.map((row) => ({ ...row, gold: row.arm === "sera" ? 6 : 2 }));
  const [found] = contrasts(timed, "gold", [["sera", "dpo"]], { log: true });
  assert.ok(Math.abs((found?.mean ?? NaN) - Math.log(3)) < 1e-12);
});

Deno.test("unknown metrics and arms are named; without rows there is nothing to compare", async () => {
  await assertUserError(
    () => contrasts(rows, "goold" as "gold", []),
    /no metric is called "goold"/,
  );
  await assertUserError(
    () => contrasts(rows, "gold", [["ser", "dpo"]]),
    /no row has the arm "ser"/,
  );
  assert.deepEqual(contrasts([], "gold", [["sera", "dpo"]]), []);
});

Deno.test("a study's arm without runs is left out; one that the study has not is refused", async () => {
  const unclaimed = { ...study, claims: [] };
  const opened = { study: unclaimed, rows: rows.filter(({ arm }) => arm !== "rdpo") };
  const pairs = [["sera", "dpo"], ["rdpo", "dpo"]] as const;
  assert.deepEqual(contrasts(opened, "gold", pairs), contrasts(rows, "gold", [["sera", "dpo"]]));
  await assertUserError(
    () => contrasts(opened, "gold", [["ser", "dpo"]]),
    /the arm "ser"; .* rdpo/,
  );
});
