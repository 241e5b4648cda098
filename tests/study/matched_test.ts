import assert from "node:assert/strict";
import { contrasts } from "../../lib/study/contrasts.ts";
import { judgeClaims } from "../../lib/study/judge_claims.ts";
import { claimsOf, planStudy } from "../../lib/study/plan.ts";
import { studyRows } from "../../lib/study/rows.ts";
import { defineStudy, type Study } from "../../lib/study/study.ts";
import { assertUserError } from "../support/errors.ts";
import { claim, onPaper, type PaperSetting, recordOf, study } from "./sample_study.ts";

const atKl = {
  ...{ id: "at-kl", label: "DPO at SeRA's KL", to: "sera", among: ["dpo", "rdpo"] },
  by: "kl",
} as const;
const claimed = { ...claim, id: "over-matched", baseline: "at-kl" };
const matched: Study<PaperSetting> = { ...study, matched: [atKl], claims: [claimed] };

/** KL and gold by arm, an iteration each; DPO's seed 2 has none. */
const paths: Record<string, [kl: number | null, gold: number][]> = {
  sera: [[1, 1], [3, 9]],
  dpo: [[0.5, 2], [2.5, 3]],
  rdpo: [[2, 4], [3.25, 5]],
};

function rowsOf(change: (arm: string, seed: number) => [number | null, number][] | undefined) {
  const plan = planStudy(matched, "full", { conditions: ["noise-20"] });
  const records = plan.map((run) => {
    const path = change(run.arm, run.seed) ?? paths[run.arm] ?? [];
    return [run.hash, recordOf(run, path.map(([kl, gold]) => ({ kl, gold })))] as const;
  });
  return studyRows(plan, new Map(records), matched);
}
const found = (rows: ReturnType<typeof rowsOf>) =>
  rows.filter((row) => row.arm === "at-kl").map((row) => [
    ...[row.seed, row.iteration, row.last, row.matchedArm, row.matchedIteration],
    ...[row.kl, row.gold, row.loss],
  ]);

Deno.test("a matched arm's row is the nearest of the candidates' iterations, of the same seed", () => {
  const rows = rowsOf((arm, seed) => arm === "rdpo" && seed === 1 ? [[2, 4], [3.6, 5]] : undefined);
  assert.deepEqual(found(rows), [
    [0, 2, true, "rdpo", 2, 3.25, 5, "rdpo"],
    [1, 2, true, "dpo", 2, 2.5, 3, "dpo"],
    [2, 2, true, "rdpo", 2, 3.25, 5, "rdpo"],
  ]);
  const [row] = rows;
  assert.deepEqual([row?.matchedArm, row?.matchedIteration], [null, null]);
  // An earlier iteration, and of equally near ones the first named; the SFT model is none.
  const early = rowsOf((arm) => arm === "sera" ? [[1, 1], [1.25, 9]] : undefined);
  assert.deepEqual(found(early)[0]?.slice(3, 5), ["dpo", 1]);
});

Deno.test("without the metric there is no row; candidates without it are passed over", () => {
  const none = rowsOf((arm) => arm === "sera" ? [[1, 1], [null, 9]] : undefined);
  assert.deepEqual(found(none), []);
  const one = rowsOf((arm, seed) => arm !== "sera" && seed > 0 ? [[null, 1], [NaN, 2]] : undefined);
  assert.deepEqual(found(one).map(([seed]) => seed), [0]);
});

Deno.test("a path that lacks one of its arms matches nothing, seed by seed", () => {
  const rows = rowsOf((arm, seed) => arm === "rdpo" && seed === 1 ? [] : undefined);
  assert.deepEqual(found(rows).map(([seed]) => seed), [0, 2]);
});

Deno.test("contrasts, claims and seeds treat a matched arm like an arm", () => {
  const spread = (arm: string, seed: number): [number, number][] | undefined =>
    arm === "sera" ? [[1, 1], [3, 8.75 + seed / 4]] : undefined;
  const opened = { study: matched, rows: rowsOf(spread) };
  const [contrast] = contrasts(opened, "gold", [["sera", "at-kl"]]);
  assert.deepEqual(
    [contrast?.mean, contrast?.n, contrast?.claim, contrast?.label],
    [4, 3, "over-matched", "SeRA \u2212 DPO at SeRA's KL"],
  );
  assert.equal(judgeClaims([claimed], opened)[0]?.verdict, "supported");
  const more = { ...matched, claims: [{ ...claimed, seeds: 5 }] };
  const seeds = Map.groupBy(planStudy(more, "full"), (run) => `${run.condition} ${run.arm}`);
  for (const arm of ["dpo", "sera", "rdpo"]) {
    assert.equal(seeds.get(`noise-20 ${arm}`)?.length, 5, `${arm}: all that it looks at`);
  }
  assert.deepEqual([seeds.get("noise-0 dpo")?.length, seeds.get("noise-0 rdpo")?.length], [2, 2]);
  assert.deepEqual(
    new Set(planStudy(more, "full", { arms: ["at-kl"] }).map((run) => run.arm)),
    new Set(["dpo", "sera", "rdpo"]),
  );
});

Deno.test("a claim is judged where all that its matched arm looks at is planned", () => {
  const plan = planStudy(matched, "full");
  assert.deepEqual(claimsOf(matched, plan), [claimed]);
  assert.deepEqual(claimsOf(matched, plan.filter((run) => run.arm !== "rdpo")), []);
});

Deno.test("a match of what is not there, a taken name and an arm kept from a claim are refused", async () => {
  const arms = [{ id: "a" }, { id: "b", only: ["as-is"] }];
  const define = (changes: object) => () =>
    defineStudy({ id: "x", title: "x", environment: onPaper, arms, ...changes });
  const match = { id: "m", label: "m", to: "a", among: ["b"], by: "kl" };
  define({ matched: [match] })();
  await assertUserError(define({ matched: [{ ...match, id: "a" }] }), /two arms are called "a"/);
  await assertUserError(define({ matched: [{ ...match, to: "m" }] }), /there is no arm "m"/);
  await assertUserError(define({ matched: [{ ...match, among: [] }] }), /matched among no arm/);
  await assertUserError(define({ matched: [{ ...match, by: "kll" }] }), /no metric "kll"/);
  await assertUserError(
    define({ arms: [{ id: "a", only: ["b"] }] }),
    /there is no condition "b"; there are as-is/,
  );
  const conditions = [{ id: "as-is", label: "as is" }, { id: "other", label: "other" }];
  const claims = [{ ...claim, condition: "other", arm: "a", baseline: "m" }];
  await assertUserError(
    define({ matched: [match], conditions, claims }),
    /claim "better" needs the arm "b", which is not run in "other"/,
  );
});
