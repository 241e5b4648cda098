import assert from "node:assert/strict";
import { checkLossConfig } from "../../lib/losses/loss_config.ts";
import { isMetricName } from "../../lib/study/study_rows.ts";
import { baseSpec, presetNames } from "../../experiments/studies/settings.ts";
import { hashSpec, sftKey, withPatch } from "../../experiments/studies/run_config.ts";
import { studies, studyNamed } from "../../experiments/studies/studies.ts";
import { claimsOf, planStudy } from "../../experiments/studies/study.ts";

Deno.test("every study: ids are unique, claims name cells and metrics that exist", () => {
  assert.equal(new Set(studies.map((study) => study.id)).size, 6);
  for (const { id, arms, conditions, claims, headlines } of studies) {
    const claimIds = claims.map((claim) => claim.id);
    assert.ok(headlines.length > 0 && headlines.every((each) => claimIds.includes(each)), id);
    const armIds = new Set(arms.map((arm) => arm.id));
    const conditionIds = new Set(conditions.map((condition) => condition.id));
    assert.equal(armIds.size, arms.length, id);
    assert.equal(conditionIds.size, conditions.length, id);
    assert.ok(claims.length > 0, id);
    assert.equal(new Set(claims.map((claim) => claim.id)).size, claims.length, id);
    for (const claim of claims) {
      assert.ok(armIds.has(claim.arm) && armIds.has(claim.baseline), claim.id);
      assert.ok(conditionIds.has(claim.condition), claim.id);
      assert.ok(isMetricName(claim.metric), claim.id);
      assert.ok(claim.smallestEffect > 0 && claim.text !== "", claim.id);
    }
  }
});

Deno.test("the full preset runs every claim's cells with ten seeds, cost and other cells with five", () => {
  for (const study of studies) {
    const plan = planStudy(study, "full");
    const claimed = new Set(
      study.claims.flatMap(({ condition, arm, baseline }) =>
        [arm, baseline].map((id) => `${condition} ${id}`)
      ),
    );
    const cells = Map.groupBy(plan, (run) => `${run.condition} ${run.arm}`);
    assert.ok([...claimed].every((cell) => cells.has(cell)), study.id);
    for (const [cell, runs] of cells) {
      const beside = study.id === "noise" && !/alpha|dpo-more/.test(cell);
      const more = claimed.has(cell) || beside;
      assert.equal(runs.length, more && study.id !== "cost" ? 10 : 5, cell);
    }
    assert.deepEqual(claimsOf(study, plan), study.claims);
  }
});

Deno.test("a smaller preset judges the claims whose two cells it runs, and no other", () => {
  const study = studyNamed("noise");
  const plan = planStudy(study, "quick");
  const has = (arm: string, condition: string) =>
    plan.some((run) => run.arm === arm && run.condition === condition);
  const judged = claimsOf(study, plan).map((claim) => claim.id);
  assert.ok(judged.length > 0 && judged.length < study.claims.length);
  for (const { id, arm, baseline, condition } of study.claims) {
    assert.equal(judged.includes(id), has(arm, condition) && has(baseline, condition), id);
  }
});

Deno.test("in every study all arms of a condition and seed differ, and share data, SFT and steps", () => {
  for (const preset of presetNames) {
    for (const study of studies) {
      const groups = Map.groupBy(
        planStudy(study, preset),
        (run) => `${run.condition} ${run.seed}`,
      );
      for (const [name, runs] of groups) {
        assert.equal(new Set(runs.map((run) => run.hash)).size, runs.length, name);
        const shared = new Set(
          runs.map(({ spec }) =>
            JSON.stringify([
              sftKey(spec),
              spec.data,
              spec.evaluation,
              spec.method.iterations,
              spec.method.stepsPerIteration,
              spec.method.batchPairs,
            ])
          ),
        );
        assert.equal(shared.size, 1, `${study.id} ${preset} ${name}`);
      }
    }
  }
});

Deno.test("every loss of every run is one that its options allow", () => {
  for (const study of studies) {
    for (const { spec } of planStudy(study, "full", { seeds: 1 })) checkLossConfig(spec.method.loss);
  }
});

Deno.test("smoke and quick run all studies; published seeds start where the study says; quick is within full", () => {
  for (const study of studies) {
    const full = new Set(planStudy(study, "full").map((run) => run.hash));
    for (const run of planStudy(study, "quick")) assert.ok(full.has(run.hash), run.condition);
    const smoke = planStudy(study, "smoke");
    assert.ok(smoke.length > 0 && smoke[0]?.seed === (study.firstSeed ?? 0));
    assert.equal(planStudy(study, "quick", { firstSeed: 100 })[0]?.seed, 100);
  }
});

Deno.test("a run's name depends on every value of its spec and on nothing else", () => {
  const spec = baseSpec("full", 0);
  assert.equal(hashSpec(spec), hashSpec(JSON.parse(JSON.stringify(spec))));
  assert.equal(hashSpec(withPatch(spec, {})), hashSpec(spec));
  assert.notEqual(hashSpec({ ...spec, seed: 1 }), hashSpec(spec));
  const patched = withPatch(spec, { method: { nllAlpha: 0.31 } });
  assert.notEqual(hashSpec(patched), hashSpec(spec));
  assert.equal(sftKey(patched), sftKey(spec));
  assert.notEqual(sftKey(withPatch(spec, { sft: { steps: 1 } })), sftKey(spec));
});

Deno.test("options added later leave the names of earlier runs, and their records, as they were", () => {
  assert.equal(
    hashSpec(baseSpec("full", 0)),
    "46b2647bc649d073721b4f2f4fcde199a39fc7d056a5d050ea9dad2211a353ea",
  );
  const crossFitted = planStudy(studyNamed("bootstrapping"), "full").filter(({ spec }) =>
    "crossFit" in spec.method
  );
  assert.deepEqual([...new Set(crossFitted.map(({ condition, arm }) => `${condition} ${arm}`))], [
    "base irm-70-cross-fitted",
    "base sera-cross-fitted",
  ]);
});

Deno.test("studies share runs: plain DPO at 20 % is run once for selection and noise", () => {
  const hashOf = (study: string) =>
    planStudy(studyNamed(study), "full").find((run) =>
      run.arm === "dpo" && run.condition === "noise-20" && run.seed === 0
    )?.hash;
  assert.ok(hashOf("selection") !== undefined);
  assert.equal(hashOf("selection"), hashOf("noise"));
  assert.throws(() => studyNamed("nosuch"), /unknown study "nosuch"/);
});
