import assert from "node:assert/strict";
import { join } from "node:path";
import { silentProgress } from "../../lib/progress/progress_sink.ts";
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

Deno.test("a damaged record is named and set aside, and its run alone done again", () =>
  withTempDir(async (folder) => {
    const messages: string[] = [];
    const progress = { ...silentProgress, message: (text: string) => void messages.push(text) };
    const records = join(folder, "records");
    const options = { preset: "smoke", jobs: 1, records, progress } as const;
    await runStudy(tinyStudy, options);
    const path = join(records, "noise.jsonl");
    const steady = () =>
      Deno.readTextFileSync(path).trim().split("\n").map((line) => JSON.parse(line))
        .map(({ volatile: _volatile, seal: _seal, ...rest }) => JSON.stringify(rest)).sort();
    const before = steady();
    const bytes = Deno.readFileSync(path);
    bytes[bytes.length >> 1]! ^= 1;
    Deno.writeFileSync(path, bytes);

    const { summary } = await runStudy(tinyStudy, options);
    assert.deepEqual(summary, { planned: 4, found: 3, done: 1, failed: 0 });
    assert.match(
      messages.join("\n"),
      /^warning: .*noise\.jsonl line \d .*\.damaged, and its run done/,
    );
    assert.deepEqual(steady(), before);
  }));
