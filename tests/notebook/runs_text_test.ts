import assert from "node:assert/strict";
import { runsText } from "../../lib/notebook/runs_text.ts";
import { planStudy } from "../../lib/study/plan.ts";
import { assertUserError } from "../support/errors.ts";
import { study } from "../study/sample_study.ts";

const plan = planStudy(study, "full");
const text = (missing: (run: typeof plan[number]) => boolean) =>
  runsText({ study, plan, records: new Map(), missing: plan.filter(missing) });

Deno.test("all runs there", () => {
  assert.match(text(() => false), new RegExp(`^All ${plan.length} runs of the preset .full. have`));
});

Deno.test("missing runs are named by condition and arm, with the command that does them", () => {
  const found = text(({ condition, arm, seed }) =>
    condition === "noise-0" || arm === "sera" && seed > 0
  );
  assert.match(found, /Missing are 0 % flipped: all arms; 20 % flipped: SeRA \(2 seeds\)\./);
  // Published runs are not repeated, and the notebook's folder is named where they then are.
  assert.ok(
    found.endsWith(
      "`deno task reproduce sample --preset full --reuse` does them alone, and " +
        '`records = "../.cache/reproduce/records"` shows all.',
    ),
    found,
  );
});

Deno.test("without any record there is nothing to analyse", async () => {
  await assertUserError(
    () => text(() => true),
    /none .* "deno task reproduce sample --preset full --reuse" .*"\.\.\/\.cache\/reproduce\/records" shows/,
  );
});
