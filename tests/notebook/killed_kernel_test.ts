import assert from "node:assert/strict";
import { join } from "node:path";
import { withTempDir } from "../support/temp_dir.ts";
import { HAS_VENV } from "./environment.ts";
import { executeKilled } from "./killed_kernel.ts";

const ignore = !HAS_VENV || Deno.build.os === "windows";

Deno.test(
  { name: "a kernel killed in a running cell: run again, it ends the same", ignore },
  () =>
    withTempDir(async (folder) => {
      const quiet = await executeKilled(join(folder, "quiet"), join(folder, "quiet.ipynb"));
      assert.match(quiet.shown ?? "", /^\S+ \d+ 0 [-\d.]+; /);

      const records = join(folder, "killed");
      const output = join(folder, "killed.ipynb");
      const first = await executeKilled(records, output, 100);
      assert.deepEqual(first, { killed: true, shown: undefined });
      const again = await executeKilled(records, output);
      assert.equal(again.shown, quiet.shown);
      const hashes = Deno.readTextFileSync(join(records, "noise.jsonl")).trim().split("\n")
        .map((line) => JSON.parse(line).hash);
      assert.equal(new Set(hashes).size, hashes.length, "no record is there twice");
      assert.equal(hashes.length, 4);
    }),
);
