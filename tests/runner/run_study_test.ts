import assert from "node:assert/strict";
import { join } from "node:path";
import { runStudy } from "../../lib/runner/run_study.ts";
import { tinyStudy } from "../notebook/tiny_study.ts";
import { withTempDir } from "../support/temp_dir.ts";

Deno.test("of two that run a study into one folder, the second is refused, and no record doubled", () =>
  withTempDir(async (folder) => {
    const options = { preset: "smoke", jobs: 2, records: join(folder, "records") } as const;
    const first = runStudy(tinyStudy, options);
    await assert.rejects(runStudy(tinyStudy, options), {
      name: "UserError",
      message: new RegExp(`is being written by process ${Deno.pid} on .*wait for it`),
    });
    assert.equal((await first).summary.done, 4);
    const again = await runStudy(tinyStudy, options);
    assert.deepEqual(again.summary, { planned: 4, found: 4, done: 0, failed: 0 });
    const lines = Deno.readTextFileSync(join(options.records, "noise.jsonl")).trim().split("\n");
    assert.equal(new Set(lines.map((line) => JSON.parse(line).hash)).size, lines.length);
  }));
