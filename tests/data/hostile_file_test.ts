/** Data files that are no files, or too much of one. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readPreferences } from "../../lib/data/read_preferences.ts";
import { assertUserError } from "../support/errors.ts";
import { withTempDir } from "../support/temp_dir.ts";

Deno.test({
  name: "pipes and devices are refused before they are opened",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withTempDir(async (dir) => {
      for (const ending of ["jsonl", "json", "parquet", "csv"]) {
        const pipe = join(dir, `pipe.${ending}`);
        await new Deno.Command("mkfifo", { args: [pipe] }).output();
        const device = join(dir, `zero.${ending}`);
        await Deno.symlink("/dev/zero", device);
        for (const path of [pipe, device]) {
          await assertUserError(() => readPreferences(path), path, "pipe or a device");
        }
      }
    }),
});

Deno.test("a line without end is not held: gzip makes gigabytes of it in a small file", () =>
  withTempDir(async (dir) => {
    const path = join(dir, "bomb.jsonl.gz");
    const zeros = new Uint8Array(1 << 20).fill(0x20);
    let left = 300;
    const source = new ReadableStream({
      pull: (controller) => left-- > 0 ? controller.enqueue(zeros) : controller.close(),
    });
    const file = await Deno.open(path, { write: true, create: true });
    await source.pipeThrough(new CompressionStream("gzip")).pipeTo(file.writable);
    assert.ok((await Deno.stat(path)).size < 1 << 20);
    await assertUserError(() => readPreferences(path), path, "longer than 256 MiB");
  }));
