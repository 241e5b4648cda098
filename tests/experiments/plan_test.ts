/** `experiments/plan.md`: the claims as they were written down before the runs that judge them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { markedPart, type Marks, withMarkedPart } from "../../experiments/commands/marked_part.ts";
import { claimLines, claimsTable } from "../../experiments/commands/plan/claims_table.ts";
import { claimFamilies } from "../../experiments/commands/plan/families.ts";
import { projectRoot } from "../../lib/engine/layout.ts";
import { PUBLISHED } from "../../lib/study/open_study.ts";
import { openRecords } from "../../lib/study/record_store.ts";
import { changedSince, git, ranBefore } from "./plan_history.ts";

const PLAN = "experiments/plan.md";
const page = Deno.readTextFileSync(join(projectRoot, PLAN));

/** First seeds that nothing was explored on, by family. */
const FIRST_SEEDS = [200, 400, 300];
const families = claimFamilies.map((family, i) => ({ ...family, firstSeed: FIRST_SEEDS[i]! }));
const linesOf = (text: string, marks: Marks) => claimLines(markedPart(text, marks));

Deno.test("the plan's tables are the studies' claims", () => {
  for (const { marks, studies, responseSd } of families) {
    const written = `${linesOf(page, marks)}` === `${claimLines(claimsTable(studies, responseSd))}`;
    assert.ok(written, "run: deno run -A experiments/commands/plan/main.ts");
  }
});

Deno.test("a family has at most 24 claims, all on seeds that nothing was explored on", () => {
  for (const { studies, firstSeed: first } of families) {
    const claims = studies.flatMap((study) => study.claims);
    assert.ok(claims.length > 0 && claims.length <= 24, `${claims.length} claims`);
    const early = studies.filter(({ claims, firstSeed = 0 }) =>
      claims.length > 0 && firstSeed < first
    );
    assert.deepEqual(early.map(({ id }) => id), []);
  }
});

const history = await git("rev-parse", "HEAD") !== undefined &&
  await git("rev-parse", "--show-prefix") === "" &&
  await git("rev-parse", "--is-shallow-repository") === "false";

Deno.test({
  name: "every run that judges a claim was made after the claims were committed" +
    (history ? "" : " (skipped: no history of git)"),
  ignore: !history,
  async fn() {
    const records = [...openRecords(PUBLISHED).records.values()];
    for (const { marks, studies, firstSeed } of families) {
      const environments = new Set(studies.map(({ environment }) => environment.name));
      const places = records
        .filter(({ config }) => environments.has(config.environment) && config.seed >= firstSeed)
        .map(({ volatile }) => volatile.environment);
      assert.deepEqual(places.filter(({ dirty }) => dirty !== false), [], "uncommitted code");
      if (places.length === 0) continue;
      const commits = [...new Set(places.map(({ commit }) => String(commit)))];
      const changed = await changedSince(PLAN, page, (text) => linesOf(text, marks).join("\n"));
      assert.ok(changed !== undefined, `the claims of ${PLAN} are not committed as they stand`);
      assert.deepEqual(await ranBefore(changed, commits), []);
    }
  },
});

Deno.test("by hand: a claim of a reward, of a ratio, and of two iterations", () => {
  const shared = { text: "t", condition: "c", arm: "a", baseline: "b", seeds: 34 } as const;
  const table = claimsTable([{
    id: "s",
    firstSeed: 200,
    claims: [
      {
        ...{ ...shared, id: "one", metric: "gold", direction: "higher", smallestEffect: 0.1 },
        exploratorySd: 0.2,
      },
      {
        ...{ ...shared, id: "two", metric: "totalTrainingSeconds", direction: "same", log: true },
        smallestEffect: Math.log(1.25),
      },
      {
        ...{ ...shared, id: "three", metric: "flippedSelected", direction: "lower" },
        ...{ smallestEffect: 0.02, iteration: 3, baselineIteration: 2 },
      },
    ],
  }]);
  const cells = table.trim().split("\n").slice(2)
    .map((line) => line.split("|").map((cell) => cell.trim()).slice(2, -1));
  assert.deepEqual(cells, [
    [
      ...["`one`", "t", "`gold`", "`c`", "`a` - `b`", "higher", "0.1 reward (13 % of 0.8)"],
      ...["0.2", "34", "34", "80 %", "200 to 233"], // d = 0.5: 34, see tests/statistics
    ],
    [
      ...["`two`", "t", "`totalTrainingSeconds`", "`c`", "`a` - `b`", "same", "a factor of 1.25"],
      ...["-", "-", "34", "-", "200 to 233"],
    ],
    [
      ...["`three`", "t", "`flippedSelected`, iteration 3 against 2", "`c`", "`a` - `b`", "lower"],
      ...["0.02 share", "-", "-", "34", "-", "200 to 233"],
    ],
  ]);
});

Deno.test("the order of lines and their padding are no change of claims", () => {
  const table = "| a  | b |\n| -- | - |\n| 1  | 2 |\n| 3  | 4 |\n";
  assert.deepEqual(claimLines(table), claimLines("| a | b |\n| - | - |\n| 3 | 4 |\n| 1 | 2 |"));
  assert.notDeepEqual(claimLines(table), claimLines(table.replace("3", "5")));
});

Deno.test("a marked part is read, replaced, and missed", () => {
  const marks = { begin: "<!-- a -->", end: "<!-- b -->" };
  const text = "before\n\n<!-- a -->\n\nold\n\n<!-- b -->\n\nafter\n";
  assert.equal(markedPart(text, marks), "old");
  assert.equal(withMarkedPart(text, marks, "new\n"), text.replace("old", "new"));
  assert.throws(() => withMarkedPart("before", marks, "new"), /lacks "<!-- a -->"/);
});
