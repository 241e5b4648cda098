import assert from "node:assert/strict";
import { join } from "node:path";
import { missingLines, verdictLines } from "../../experiments/commands/reproduce/headline.ts";
import {
  publishVerdicts,
  withFindings,
} from "../../experiments/commands/reproduce/publish_overview.ts";
import {
  allStudies,
  familyOf,
  followUps,
  realStudies,
  studies,
} from "../../experiments/studies.ts";
import { projectRoot } from "../../lib/engine/layout.ts";
import { holmAdjusted } from "../../lib/statistics/holm.ts";
import { judgeClaims } from "../../lib/study/judge_claims.ts";
import { openStudy, PUBLISHED, type StudyResults } from "../../lib/study/open_study.ts";
import { planStudy } from "../../lib/study/plan.ts";
import type { StudyRecord } from "../../lib/study/record.ts";
import { openRecords } from "../../lib/study/record_store.ts";
import { claim, rowsWithGold, study } from "../study/sample_study.ts";
import { withTempDir } from "../support/temp_dir.ts";

/** The sample study as if SeRA were better by these, a seed each. */
function opened(differences: readonly number[]): StudyResults {
  const rows = rowsWithGold((arm, _, seed) => arm === "sera" ? differences[seed] ?? NaN : 0);
  const verdicts = judgeClaims([claim], rows);
  const plan = planStudy(study, "full");
  return { study, plan, rows, records: new Map(), missing: [], verdicts };
}

/** The sample study as it is published, and of it what `here` has. */
function published(differences: readonly number[], here = differences) {
  return { all: opened(differences), same: opened(here) };
}

Deno.test("a reproduced number agrees where one mean lies inside the other's interval", () => {
  const beside = published([0.2, 0.21, 0.19]); // .200 [.175, .225]
  const line = (here: readonly number[]) => verdictLines(opened(here), beside)[0] ?? "";
  assert.match(
    line([0.2, 0.212]),
    /^ {2}\w.* better: gold \+0\.206 .*; published \+0\.200 .*: agrees$/,
  );
  assert.match(line([0.5, 0.1]), /: agrees$/);
  assert.match(line([0.3, 0.301, 0.299]), /does not agree$/);
  assert.match(line([0.25, 0.25, 0.25]), /undecided .*: gold \+0\.250; published .*not agree$/);
});

Deno.test("a few seeds are compared with the same seeds, not with all", () => {
  const beside = published([0.2, 0.21, -3], [0.2, 0.21]);
  const [line] = verdictLines(opened([0.2, 0.21]), beside);
  assert.match(line ?? "", /published -0\.863 .*, of these seeds \+0\.205 .*: agrees$/);
});

Deno.test("runs that have the published numbers are counted, whatever their times", () => {
  const record = (hash: string, heldOutLoss: number, seconds: number, gold = 0) =>
    [hash, {
      ...{ hash, sft: { gold }, iterations: [{ heldOutLoss }], samples: { lengths: [[1]] } },
      volatile: { seconds },
    }] as unknown as [string, StudyRecord];
  const here = { ...opened([0.2]), records: new Map([record("a", 1, 3), record("b", 2, 4)]) };
  const beside = (b: number, gold?: number) => {
    const records = new Map([record("a", 1, 9), record("b", b, 9, gold), record("c", 5, 9)]);
    return { all: opened([0.2]), same: { ...opened([0.2]), records } };
  };
  const lines = (b: number, gold?: number) =>
    verdictLines(here, beside(b, gold)).filter((line) => !/better|more claims/.test(line));
  assert.deepEqual(lines(2), [
    "  2 of 2 published runs have the same numbers here, digit for digit",
  ]);
  assert.deepEqual(lines(2.0002), [
    "  1 of 2 published runs have the same numbers here, digit for digit; " +
    "another processor rounds differently",
    "  1 met the same data: held-out losses differ by 0.01 % at most",
  ]);
  assert.match(lines(3, 0.1).join("\n"), /rounds differently\n {2}1 met other data, .*: new/);
  assert.doesNotMatch(verdictLines(opened([0.2, 0.3]), published([0.2, 0.3])).join(), /digit/);
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

/** Every study with all published records. */
const openPublished = () => {
  const records = openRecords(PUBLISHED);
  return allStudies.map((each) => openStudy(each, { records, family: familyOf(each) }));
};

Deno.test("the README's findings are those of the published records", () => {
  const readme = Deno.readTextFileSync(join(projectRoot, "README.md"));
  assert.equal(withFindings(readme, openPublished()), readme);
  assert.throws(() => withFindings("# SeRA\n", []), /the page lacks/);
});

Deno.test("p-values are corrected over what each claim's own page shows, on its planned seeds", () => {
  const records = openRecords(PUBLISHED);
  for (const family of [studies, followUps, realStudies]) {
    const verdicts = family.flatMap((each) => openStudy(each, { records, family }).verdicts);
    const own = family.flatMap((each) => openStudy(each, { records }).verdicts);
    const corrected = holmAdjusted(own.map(({ contrast }) => contrast?.p ?? 1));
    assert.deepEqual(verdicts.map(({ adjustedP }) => adjustedP), corrected);
  }
});

Deno.test("the published verdicts are corrected over all published records, whichever study was last", () =>
  withTempDir(async (dir) => {
    publishVerdicts(openPublished(), dir);
    const names = await Array.fromAsync(Deno.readDir(dir), ({ name }) => name);
    const covered = new Set(names.map((name) => name.replace(/_(times_)?verdicts\.\w+$/, "")));
    const claiming = allStudies.filter(({ claims }) => claims.length > 0);
    assert.deepEqual(claiming.map(({ id }) => id).filter((id) => !covered.has(id)), []);
    for (const name of names) {
      const committed = join(projectRoot, "results", "tables", name);
      assert.equal(Deno.readTextFileSync(committed), Deno.readTextFileSync(join(dir, name)), name);
    }
  }));
