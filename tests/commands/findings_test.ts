import assert from "node:assert/strict";
import { join } from "node:path";
import { missingLines, verdictLines } from "../../experiments/commands/reproduce/headline.ts";
import { withFindings } from "../../experiments/commands/reproduce/publish_readmes.ts";
import { studies } from "../../experiments/studies.ts";
import { projectRoot } from "../../lib/engine/layout.ts";
import { judgeClaims } from "../../lib/study/judge_claims.ts";
import { openStudy, type StudyResults } from "../../lib/study/open_study.ts";
import { planStudy } from "../../lib/study/plan.ts";
import { claim, rowsWithGold, study } from "../study/sample_study.ts";

/** The sample study as if SeRA were better by these, a seed each. */
function opened(differences: readonly number[]): StudyResults {
  const rows = rowsWithGold((arm, _, seed) => arm === "sera" ? differences[seed] ?? NaN : 0);
  const verdicts = judgeClaims([claim], rows);
  const plan = planStudy(study, "full");
  return { study, plan, rows, records: new Map(), missing: [], verdicts };
}

Deno.test("a reproduced number agrees where one mean lies inside the other's interval", () => {
  const published = opened([0.2, 0.21, 0.19]); // .200 [.175, .225]
  const [same] = verdictLines(opened([0.2, 0.212]), published);
  assert.match(same ?? "", /^ {2}\w.* better: gold \+0\.206 .*; published \+0\.200 .*: agrees$/);
  assert.match(verdictLines(opened([0.5, 0.1]), published)[0] ?? "", /: agrees$/);
  assert.match(verdictLines(opened([0.3, 0.301, 0.299]), published)[0] ?? "", /does not agree$/);
});

Deno.test("claims that were not run are counted; nothing is compared where nothing is published", () => {
  assert.deepEqual(verdictLines({ ...opened([]), verdicts: [] }), [
    "  1 more claims need cells or seeds that were not run",
  ]);
  assert.doesNotMatch(verdictLines(opened([0.2, 0.21, 0.19]))[0] ?? "", /published/);
});

Deno.test("a smoke run has differences and no verdict", () => {
  const [line] = verdictLines(opened([0.2, 0.21, 0.19]), undefined, true);
  assert.match(line ?? "", /^ {2}no verdict +better: gold \+0\.200/);
});

Deno.test("arms without a record are named, with the command that runs them", () => {
  const plan = planStudy(study, "full");
  const missing = plan.filter((run) => run.arm === "sera");
  const lines = missingLines({ study, plan, missing }, "--preset full");
  assert.equal(lines.length, 2);
  assert.match(lines[0] ?? "", new RegExp(`missing: sera \\(${missing.length}\\)$`));
  assert.match(lines[1] ?? "", /task reproduce \w+ --preset full --arms sera$/);
  assert.deepEqual(missingLines({ study, plan, missing: [] }, ""), []);
});

Deno.test("the README's findings are those of the published records", () => {
  const readme = Deno.readTextFileSync(join(projectRoot, "README.md"));
  assert.equal(
    withFindings(readme, studies.map((each) => openStudy(each, { family: studies }))),
    readme,
  );
  assert.throws(() => withFindings("# SeRA\n", []), /the page lacks/);
});
