import assert from "node:assert/strict";
import { estimateSeconds } from "../../lib/runner/estimate.ts";
import { planStudy } from "../../lib/study/plan.ts";
import { onPaper, recordOf, study } from "../study/sample_study.ts";

const plan = planStudy(study, "full", { seeds: 1 });
const [noise0] = plan as [typeof plan[number]];
const record = {
  ...recordOf(noise0, []),
  volatile: { iterations: [], seconds: 8, environment: {} },
};

Deno.test("runs like recorded ones take as long; others the environment's mean", () => {
  assert.equal(estimateSeconds([noise0], [record], 1), 8);
  assert.equal(estimateSeconds(plan, [record], 2), plan.length * 8 / 2);
  assert.equal(estimateSeconds(plan, [record], 64), 8, "more processes than runs");
  const other = recordOf(plan.at(-1) ?? noise0, []); // 3 s
  assert.equal(estimateSeconds([noise0], [record, other], 1), 8);
  const larger = planStudy({ ...study, base: { setting: { size: 99 } } }, "full", { seeds: 1 });
  assert.equal(estimateSeconds(larger.slice(0, 2), [record, other], 1), 11);
});

Deno.test("nothing is said of an environment without a record", () => {
  const elsewhere = { ...study, environment: { ...onPaper, name: "elsewhere" } };
  assert.equal(estimateSeconds(planStudy(elsewhere, "full"), [record], 1), undefined);
  assert.equal(estimateSeconds([], [], 1), 0);
});
