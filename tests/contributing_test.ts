/** The diffs in CONTRIBUTING.md: each applies to what is here, compiles, and does what it says. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { projectRoot } from "../lib/engine/layout.ts";
import { blocksOf, readDocument } from "./support/documents.ts";

const diffs = blocksOf(readDocument("CONTRIBUTING.md"), "diff");

/** What the diffs added, in use. */
const USE = `
import assert from "node:assert/strict";
import { loadEngine, lossConfigFromOptions, type LossName, pairLoss } from "./lib/mod.ts";
import { reasonOf } from "./lib/scored/verdict.ts";
import { selectPairs } from "./lib/selection/select.ts";
import { selectionMetrics } from "./lib/metrics/selection_metrics.ts";
import { generate } from "./lib/policy/generate.ts";
import { parseHfConfig, toHfConfig } from "./lib/policy/io/hf_config.ts";
import { sequenceLogps } from "./lib/policy/sequence_logps.ts";
import { planStudy } from "./lib/study/plan.ts";
import { studies } from "./experiments/studies.ts";
import { fullModel, nextLogits } from "./tests/policy/random_model.ts";

const one = (value: number) => Float64Array.of(value);
const logps = {
  ...{ policyChosenLogps: one(-3), policyRejectedLogps: one(-6) },
  ...{ referenceChosenLogps: one(-4), referenceRejectedLogps: one(-5) },
  ...{ chosenLengths: one(2), rejectedLengths: one(2) },
};
const { losses, chosenGrads } = pairLoss({ name: "exponential", beta: 0.5 }, logps);
assert.equal(losses[0], Math.exp(-1));
assert.equal(chosenGrads[0], -0.5 * Math.exp(-1));
assert.throws(
  () => lossConfigFromOptions("exponential", { gamma: 1 }),
  /"exponential" has no option "gamma"; its options are "beta"/,
);
// @ts-expect-error: a name with a typing error is none
export const name: LossName = "exponentail";

const sure = { rule: "large-gap", keep: { count: 2 } } as const;
assert.deepEqual(selectPairs(sure, Float64Array.of(-3, 0.5, 1, -0.2)).indices, [0, 2]);
const place = { kept: true, swapped: false, rank: 1, total: 4 };
assert.equal(reasonOf(sure, place), "the margin is among the 2 farthest from 0");

const ids = Int32Array.of(1, 2);
const pairs = ["a", "b", "c"].map((id) => ({ id, promptIds: ids, chosenIds: ids, rejectedIds: ids }));
const measured = selectionMetrics({
  ...{ pairs, margins: [3, -1, 1], order: null, selected: [0], swapped: 0, previous: null },
});
assert.equal(measured.marginMedian, 1);

const batch = studies.find(({ id }) => id === "batch")!;
assert.equal(batch.id, "batch");
assert.deepEqual(
  [...new Set(planStudy(batch, "quick").map((run) => run.config.sera.batch))],
  [8, 32, 128],
);

await loadEngine();
// With one layer that rotates nothing, what follows a prompt does not depend on its order.
const smollm3 = { architecture: "smollm3", layers: 1, unrotated: [0] } as const;
const [free, bound] = [await fullModel(smollm3), await fullModel({ layers: 1 })];
const logpAfter = async (model: typeof free, ...prompt: number[]) =>
  (await sequenceLogps(model, [{
    promptIds: Int32Array.from(prompt),
    completions: [Int32Array.of(7)],
  }]))[0]![0]!;
const difference = async (model: typeof free) =>
  Math.abs(await logpAfter(model, 5, 9, 3) - await logpAfter(model, 9, 5, 3));
assert.ok(await difference(free) < 1e-5);
assert.ok(await difference(bound) > 1e-3);
const [responses] = await generate(free, [Int32Array.of(5, 9, 3)], {
  ...{ responses: 1, maxNewTokens: 2, stopTokenIds: [], temperature: 0, topP: 1, topK: 0 },
  ...{ seed: 0, path: [], batch: 1 },
});
const answer = responses![0]!.ids;
for (let n = 0; n < 2; n++) {
  const logits = nextLogits(free, [5, 9, 3, ...answer.subarray(0, n)]);
  assert.equal(answer[n], logits.indexOf(Math.max(...logits)));
}
const json = toHfConfig(free.config);
assert.deepEqual(json.no_rope_layers, [0]);
assert.deepEqual(parseHfConfig(json, "here"), free.config);
console.log("all diffs in use");
`;

Deno.test("CONTRIBUTING's diffs apply, compile and do what they say", () => {
  const filesOf = (diff = "") => diff.match(/(?<=^\+\+\+ b\/).*$/gm) ?? [];
  // A loss and a metric are a change of one file, a study is two.
  assert.deepEqual(diffs.slice(0, 4).map((diff) => filesOf(diff).length), [1, 5, 1, 2]);
  assert.equal(diffs.length, 5);
  const dir = Deno.makeTempDirSync({ prefix: "sera-test-" });
  try {
    copyRepository(dir);
    for (const diff of diffs) {
      Deno.writeTextFileSync(join(dir, "change.diff"), diff);
      const { code, output } = run(dir, "git", ["apply", "--whitespace=error", "change.diff"]);
      assert.equal(code, 0, output);
    }
    Deno.writeTextFileSync(join(dir, "use.ts"), USE);
    const study = "experiments/studies/batch.ts";
    const checked = run(dir, Deno.execPath(), ["check", "--quiet", "use.ts", study]);
    assert.equal(checked.code, 0, checked.output);
    const used = run(dir, Deno.execPath(), ["run", "-A", "--no-check", "use.ts"]);
    assert.equal(used.code, 0, used.output);
    assert.match(used.output, /all diffs in use/);
    const cells = run(dir, Deno.execPath(), [
      ...["run", "-A", "--no-check", "tools/notebooks/main.ts", "check"],
      "notebooks/13_batch.ipynb",
    ]);
    assert.equal(cells.code, 0, cells.output);
    const touched = diffs.flatMap(filesOf).filter((path) => path.endsWith(".ts"));
    const format = run(dir, Deno.execPath(), ["fmt", "--check", ...touched]);
    assert.equal(format.code, 0, format.output);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

/** The files that git knows or would add, as they are now; what git ignores as links. */
function copyRepository(to: string): void {
  const { output } = run(projectRoot, "git", ["ls-files", "-co", "--exclude-standard"]);
  const kept = /^(lib|experiments|tools|notebooks|tests\/(policy|support))\/|^deno\.(json|lock)$/;
  for (const path of output.split("\n").filter((path) => kept.test(path))) {
    if (!exists(projectRoot + path)) continue;
    Deno.mkdirSync(join(to, dirname(path)), { recursive: true });
    Deno.copyFileSync(projectRoot + path, join(to, path));
  }
  for (const name of ["node_modules", ".cache", ".venv"]) {
    if (exists(projectRoot + name)) Deno.symlinkSync(projectRoot + name, join(to, name));
  }
}

function run(cwd: string, command: string, args: readonly string[]) {
  const { code, stdout, stderr } = new Deno.Command(command, {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1", SERA_THREADS: "1", INIT_CWD: cwd },
  }).outputSync();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, output: text(stdout) + text(stderr) };
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
