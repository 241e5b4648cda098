/** `reproduce --reuse` takes published records by their hash instead of doing the runs again. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { studyNamed } from "../../experiments/studies.ts";
import { PUBLISHED } from "../../lib/study/open_study.ts";
import { planStudy } from "../../lib/study/plan.ts";
import { openRecords } from "../../lib/study/record_store.ts";
import { runScript } from "../support/run_script.ts";
import { withTempDir } from "../support/temp_dir.ts";

const ARM = "dpo";
const plan = planStudy(studyNamed("selection"), "quick", { seeds: 1, arms: [ARM] });
const published = openRecords(PUBLISHED).records;
const hashes = [...new Set(plan.map(({ hash }) => hash))];

Deno.test({
  name: "reproduce --reuse does no run that is published, and tables come out as of own runs",
  // After a change of CONFIG_VERSION, until the studies are published anew.
  ignore: !hashes.every((hash) => published.has(hash)),
  fn: async () => {
    await withTempDir(async (out) => {
      const args = ["selection", "--preset", "quick", "--seeds", "1", "--arms", ARM];
      const reused = await runScript("reproduce", [
        ...args,
        ...["--reuse", "--skip-notebooks", "--out", out],
      ]);
      assert.equal(reused.code, 0, reused.stderr);
      const n = hashes.length;
      assert.match(reused.stdout, new RegExp(`^${n} runs reused from the published records`, "m"));
      assert.match(reused.stdout, new RegExp(`^${n} runs: ${n} found, 0 done, 0 failed`, "m"));
      const own = openRecords(join(out, "records")).records;
      assert.deepEqual([...own.keys()].sort(), hashes.toSorted());
      for (const hash of hashes) assert.deepEqual(own.get(hash), published.get(hash));
      const summary = Deno.readTextFileSync(join(out, "quick/tables/selection_summary.csv"));
      assert.ok(summary.includes(ARM) && summary.trim().split("\n").length > 1);
      // Without --reuse the same command only says that it could.
      const plain = await runScript("reproduce", [...args, "--dry-run", "--out", join(out, "b")]);
      assert.match(plain.stdout, new RegExp(`selection: ${plan.length} cells, ${n} without`));
    });
  },
});

Deno.test({
  name: "--reuse leaves published runs out of a listing, of a plan file and of Slurm's jobs",
  ignore: !hashes.every((hash) => published.has(hash)),
  fn: () =>
    withTempDir(async (dir) => {
      const file = join(dir, "runs.tsv");
      const reproduce = async (out: string, ...options: string[]) => {
        const { code, stdout, stderr } = await runScript("reproduce", [
          ...["selection", "--preset", "quick", "--seeds", "1", "--arms", ARM, "--skip-notebooks"],
          ...["--out", join(dir, out), ...options],
        ]);
        assert.equal(code, 0, stderr);
        return stdout;
      };
      const n = hashes.length;
      assert.match(await reproduce("a", "--dry-run", "--reuse"), /cells, 0 without a record/);
      assert.match(
        await reproduce("b", "--plan", file),
        new RegExp(`^${n} of these runs are published: --reuse .*\n${n} runs: `),
      );
      assert.match(
        await reproduce("b", "--plan", file, "--reuse"),
        new RegExp(`^${n} runs reused .*\n0 runs: `),
      );
      assert.equal(Deno.readTextFileSync(file).trim().split("\n").length, 1);
      assert.match(await reproduce("b", "--plan", file, "--merge"), /^0 runs planned/);
      // Nothing is left to submit, so that no Slurm is needed.
      assert.match(
        await reproduce("c", "--executor", "slurm", "--reuse"),
        new RegExp(`^${n} runs reused from the published records`),
      );
      for (const out of ["b", "c"]) {
        const own = openRecords(join(dir, out, "records")).records;
        assert.deepEqual([...own.keys()].sort(), hashes.toSorted());
      }
    }),
});
