import assert from "node:assert/strict";
import { describeArms, describeConditions, describeShared } from "../../lib/study/describe.ts";
import { claimsOf, planStudy } from "../../lib/study/plan.ts";
import { hashConfig, runConfig } from "../../lib/study/run_config.ts";
import { defineStudy, withArms } from "../../lib/study/study.ts";
import { assertUserError } from "../support/errors.ts";
import { claim, onPaper, study } from "./sample_study.ts";

const cells = (plan: readonly { arm: string; condition: string; seed: number }[]) =>
  plan.map(({ arm, condition, seed }) => `${condition} ${arm} ${seed}`);

Deno.test("a preset's cells and seeds are chosen by factors; full runs a claim's seeds", () => {
  assert.deepEqual(cells(planStudy(study, "smoke")), ["noise-20 dpo 0", "noise-20 rdpo 0"]);
  assert.deepEqual(cells(planStudy(study, "full")), [
    ...["dpo", "sera", "rdpo"].flatMap((arm) => [0, 1].map((seed) => `noise-0 ${arm} ${seed}`)),
    ...["dpo", "sera", "rdpo"].flatMap((arm) => [0, 1, 2].map((seed) => `noise-20 ${arm} ${seed}`)),
  ]);
  assert.equal(planStudy(study, "quick").length, 8, "quick has its own number");
  const larger = { ...study, claims: [...study.claims, { ...claim, id: "more", seeds: 4 }] };
  assert.equal(planStudy(larger, "full").length, 6 + 3 * 4, "the most of a cell's claims");
  assert.deepEqual(
    new Set(
      planStudy(study, "full", { claimed: true }).map((run) => `${run.condition} ${run.arm}`),
    ),
    new Set(["noise-20 dpo", "noise-20 sera"]),
  );
  for (const seeds of [-1, 1.5, NaN]) {
    assertUserError(() => planStudy(study, "full", { seeds }), /seeds is .*; give a whole number/);
  }
  const part = { seeds: 1, arms: ["sera"], conditions: ["noise-20"], firstSeed: 7 };
  assert.deepEqual(cells(planStudy(study, "full", part)), ["noise-20 sera 7"]);
});

Deno.test("configs: environment, then base, smoke, condition, arm; an arm sees the setting", () => {
  const of = (preset: "smoke" | "full", arm: string) =>
    planStudy(study, preset).find((run) => run.arm === arm && run.condition === "noise-20")?.config;
  assert.deepEqual(of("full", "rdpo")?.sera.loss, { name: "rdpo", beta: 0.1, epsilon: 0.2 });
  assert.deepEqual(of("full", "dpo")?.sera.selection, { rule: "all" });
  assert.equal(of("full", "dpo")?.sera.bootstrap, null);
  assert.equal(of("full", "sera")?.sera.steps, 10);
  assert.deepEqual(
    [of("smoke", "dpo")?.setting.size, of("smoke", "dpo")?.sera.iterations],
    [2, 2],
  );
  assert.equal(of("smoke", "dpo")?.sera.steps, 2, "the environment's settings see smoke's size");
});

Deno.test("an arm may be limited to conditions", () => {
  const arms = [{ id: "a" }, { id: "b", only: ["two"] }];
  const conditions = ["one", "two"].map((id) => ({ id, label: id }));
  const limited = defineStudy({ id: "x", title: "x", environment: onPaper, arms, conditions });
  assert.deepEqual(cells(planStudy(limited, "full", { seeds: 1 })), [
    ...["one a 0", "two a 0", "two b 0"],
  ]);
});

Deno.test("a run's name depends on every value of its config and on nothing else", () => {
  const config = runConfig(onPaper, 0, []);
  assert.equal(hashConfig(config), hashConfig(JSON.parse(JSON.stringify(config))));
  assert.equal(hashConfig(runConfig(onPaper, 0, [{}])), hashConfig(config));
  for (
    const other of [
      runConfig(onPaper, 1, []),
      runConfig(onPaper, 0, [{ setting: { flipRate: 0.3 } }]),
      runConfig(onPaper, 0, [{ sera: { nllAlpha: 0.1 } }]),
    ]
  ) assert.notEqual(hashConfig(other), hashConfig(config));
});

Deno.test("a cell goes on with the seeds that are recorded, in full and without a gap", () => {
  const wide = planStudy(study, "full", { seeds: 6 });
  const seedsOf = (runs: readonly { condition: string; arm: string; seed: number }[]) =>
    runs.filter(({ condition, arm }) => condition === "noise-0" && arm === "dpo")
      .map(({ seed }) => seed);
  const own = seedsOf(planStudy(study, "full"));
  assert.deepEqual(own, [0, 1]);
  const of = (...seeds: number[]) =>
    new Map(
      wide.filter(({ condition, arm, seed }) =>
        condition === "noise-0" && arm === "dpo" && seeds.includes(seed)
      ).map(({ hash }) => [hash, true]),
    );
  assert.deepEqual(seedsOf(planStudy(study, "full", { recorded: of(2, 3) })), [0, 1, 2, 3]);
  assert.deepEqual(seedsOf(planStudy(study, "full", { recorded: of(3, 4) })), own);
  assert.deepEqual(
    planStudy(study, "quick", { recorded: of(2, 3) }),
    planStudy(study, "quick"),
  );
});

Deno.test("the claims that a plan can judge are those whose two cells it has", () => {
  assert.deepEqual(claimsOf(study, planStudy(study, "full")), [claim]);
  assert.deepEqual(claimsOf(study, planStudy(study, "smoke")), []);
});

Deno.test("a study that names what is not there, or a name twice, is refused", async () => {
  const arms = [{ id: "a" }, { id: "b" }];
  const define = (changes: object) => () =>
    defineStudy({ id: "x", title: "x", environment: onPaper, arms, ...changes });
  define({})();
  await assertUserError(define({ arms: [...arms, { id: "a" }] }), /two arms are called "a"/);
  await assertUserError(define({ headline: "c" }), /there is no claim "c"/);
  const claims = [{ ...claim, condition: "as-is", arm: "c" }];
  await assertUserError(define({ claims }), /study "x": there is no arm "c"; there are a, b/);
  await assertUserError(() => withArms(study, { id: "dpo" }), /two arms are called "dpo"/);
  const wrong = { ...claim, condition: "as-is", arm: "a", baseline: "b" };
  await assertUserError(define({ claims: [{ ...wrong, seeds: 1 }] }), /needs two seeds or more/);
  await assertUserError(
    define({ claims: [{ ...wrong, smallestEffect: 0 }] }),
    /needs a smallest effect above 0, has 0/,
  );
  assert.equal(withArms(study, { id: "mine" }).arms.at(-1)?.label, "mine");
});

Deno.test("an arm that was added meets every condition of every preset", () => {
  const wider = withArms(study, { id: "mine" });
  const cells = (arms: string[]) =>
    planStudy(wider, "smoke", { arms }).map((run) => `${run.arm} ${run.condition}`);
  assert.deepEqual(cells(["mine"]), ["mine noise-0", "mine noise-20"]);
  assert.deepEqual(cells(["dpo", "sera"]), ["dpo noise-20"]);
});

Deno.test("descriptions show the factors that differ, and what all runs share", () => {
  const opened = { plan: planStudy(study, "full"), study };
  const arms = describeArms(opened);
  assert.deepEqual(arms.map(({ arm, loss, rule }) => [arm, loss, rule]), [
    ["dpo", "dpo", "all"],
    ["sera", "dpo", "top"],
    ["rdpo", "rdpo", "all"],
  ]);
  assert.ok(arms.every((row) => !("flipRate" in row) && !("iterations" in row)));
  assert.deepEqual(describeConditions(opened), [
    { condition: "noise-0", label: "0 % flipped", flipRate: 0 },
    { condition: "noise-20", label: "20 % flipped", flipRate: 0.2 },
  ]);
  assert.deepEqual(describeShared(opened).find(({ factor }) => factor === "size"), {
    factor: "size",
    value: 10,
    meaning: "pairs",
  });
  const hashed = opened.plan.map((run) => ({
    ...run,
    factors: { ...run.factors, data: "0123456789abcdef".repeat(4) },
  }));
  const data = describeShared({ ...opened, plan: hashed }).find(({ factor }) => factor === "data");
  assert.equal(data?.value, "0123456789ab\u2026");
});
