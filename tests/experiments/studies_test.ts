import assert from "node:assert/strict";
import { dpoPathIds } from "../../experiments/arms.ts";
import { allStudies, followUps, studies, studyNamed } from "../../experiments/studies.ts";
import { cellArms } from "../../lib/study/matched.ts";
import { claimsOf, planStudy } from "../../lib/study/plan.ts";
import { presetNames } from "../../lib/study/study.ts";

const inSmallLanguage = [...studies, ...followUps];

Deno.test("studies in the order of their notebooks, each but of times with claims and a headline", () => {
  assert.deepEqual(
    studies.map(({ id }) => id),
    [
      ...["selection", "noise", "length", "gamma", "bootstrapping", "cost"],
      ...["selection_rules", "responses_get_longer"],
    ],
  );
  assert.deepEqual(followUps.map(({ id }) => id), ["where_to_begin"]);
  assert.deepEqual(allStudies.slice(0, inSmallLanguage.length), inSmallLanguage);
  for (const { id, claims, headline } of inSmallLanguage) {
    assert.equal(claims.length > 0 && headline !== undefined, id !== "cost", id);
    assert.ok(claims.every((claim) => claim.smallestEffect > 0 && claim.text !== ""), id);
  }
});

Deno.test("the full preset runs every claim's cells, matched arms' too, with the claim's seeds", () => {
  for (const study of inSmallLanguage) {
    const plan = planStudy(study, "full");
    assert.deepEqual(claimsOf(study, plan), study.claims, study.id);
    const cells = Map.groupBy(plan, (run) => `${run.condition} ${run.arm}`);
    for (const { id, condition, arm, baseline, seeds } of study.claims) {
      for (const each of cellArms(study, arm, baseline)) {
        const found = cells.get(`${condition} ${each}`)?.length ?? 0;
        assert.ok(found >= seeds, `${study.id} ${id}: ${each} has ${found} of ${seeds} seeds`);
      }
    }
  }
});

Deno.test("in every study all arms of a condition and seed differ, and share data, SFT and steps", () => {
  for (const preset of presetNames) {
    for (const study of inSmallLanguage) {
      // DPO's path beyond plain DPO has more steps: that is its point.
      const path = new Set(dpoPathIds);
      const runs = planStudy(study, preset).filter(({ arm }) => arm === "dpo" || !path.has(arm));
      const groups = Map.groupBy(runs, (run) => `${run.condition} ${run.seed}`);
      for (const [name, runs] of groups) {
        assert.equal(new Set(runs.map((run) => run.hash)).size, runs.length, name);
        const shared = new Set(
          runs.map(({ shared, config: { setting, sera } }) =>
            JSON.stringify([shared, setting, sera.iterations, sera.steps, sera.batch])
          ),
        );
        assert.equal(shared.size, 1, `${study.id} ${preset} ${name}`);
      }
    }
  }
});

Deno.test("seeds start where the study says; quick is within full", () => {
  for (const study of inSmallLanguage) {
    const full = new Set(planStudy(study, "full").map((run) => run.hash));
    for (const run of planStudy(study, "quick")) assert.ok(full.has(run.hash), run.condition);
    assert.equal(planStudy(study, "smoke")[0]?.seed, study.firstSeed ?? 0);
  }
});

Deno.test("studies share runs: plain DPO at 20 % is run once for selection and noise", () => {
  const hashOf = (study: string) =>
    planStudy(studyNamed(study), "full").find((run) =>
      run.arm === "dpo" && run.condition === "noise-20" && run.seed === 200
    )?.hash;
  assert.ok(hashOf("selection") !== undefined);
  assert.equal(hashOf("selection"), hashOf("noise"));
  assert.throws(() => studyNamed("nosuch"), /unknown study "nosuch"/);
});
