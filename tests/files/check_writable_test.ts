import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkWritable } from "../../lib/files/check_writable.ts";
import { assertUserError } from "../support/errors.ts";
import { leaveBehind } from "../support/left_behind.ts";
import { withTempDir } from "../support/temp_dir.ts";

Deno.test("a folder that can be written is made and left empty", async () => {
  await withTempDir((dir) => {
    const folder = join(dir, "a", "b");
    leaveBehind(join(folder, "train.jsonl"));
    checkWritable(folder);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
    return Promise.resolve();
  });
});

Deno.test("no room, a file in the way and a system's folder are one line that names the place", async () => {
  await withTempDir(async (dir) => {
    await assertUserError(() => checkWritable(dir, 2 ** 60), dir, /MiB left; \d+ MiB are needed/);
    await Deno.writeTextFile(join(dir, "file"), "");
    await assertUserError(() => checkWritable(join(dir, "file", "x")), "choose a folder");
  });
  if (!existsSync("/proc/self")) return;
  await assertUserError(
    () => checkWritable("/proc/x/y"),
    "cannot write /proc/x/y",
    "choose a folder",
  );
});
