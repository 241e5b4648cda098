import assert from "node:assert/strict";
import { join } from "node:path";
import { projectRoot } from "../../lib/engine/layout.ts";
import { studyRows } from "../../lib/study/study_rows.ts";
import { openStudyStore } from "../../lib/study/study_store.ts";
import { withVerdicts } from "../../experiments/commands/reproduce/readme_verdicts.ts";
import { verdictsOf } from "../../experiments/commands/reproduce/study_tables.ts";
import { studies } from "../../experiments/studies/studies.ts";
import { planStudy } from "../../experiments/studies/study.ts";

const published = () => {
  const folder = join(projectRoot, "results", "records");
  const { records } = openStudyStore(folder, studies.map(({ id }) => id), { writable: false });
  return new Map(studies.map((study) => {
    const plan = planStudy(study, "full");
    return [study, verdictsOf(study, plan, studyRows(plan, records))];
  }));
};

Deno.test("the README's verdicts are those of the published records", () => {
  const readme = Deno.readTextFileSync(join(projectRoot, "README.md"));
  assert.equal(withVerdicts(readme, published()), readme);
});

Deno.test("a README without its two comments, or a headline without a verdict, is an error", () => {
  assert.throws(() => withVerdicts("# SeRA\n", published()), /the README lacks/);
  const [study] = studies;
  const readme = Deno.readTextFileSync(join(projectRoot, "README.md"));
  assert.ok(study);
  assert.throws(() => withVerdicts(readme, new Map([[study, []]])), /selection has no verdict on/);
});
