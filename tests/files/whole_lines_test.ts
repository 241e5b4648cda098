import assert from "node:assert/strict";
import { join } from "node:path";
import { wholeLines } from "../../lib/files/whole_lines.ts";
import { withTempDir } from "../support/temp_dir.ts";

Deno.test("lines are those of the file, however few bytes are read at once", () =>
  withTempDir(async (dir) => {
    const path = join(dir, "a.jsonl");
    const lines = ['"é 😀"', "", "x".repeat(40), '{"a":1}', "\u{feff}b", "c\r"];
    await Deno.writeTextFile(path, lines.map((line) => line + "\n").join(""));
    const whole = await Deno.readFile(path);
    for (const chunk of [1, 2, 3, 7, 64, undefined]) {
      assert.deepEqual([...wholeLines(path, chunk)], lines, `${chunk} bytes`);
    }
    assert.deepEqual(await Deno.readFile(path), whole);
    assert.deepEqual([...wholeLines(join(dir, "none"))], []);
    await Deno.writeTextFile(path, "");
    assert.deepEqual([...wholeLines(path, 2)], []);
  }));

Deno.test("a torn last line is cut off, even within a character, and no byte before it", () =>
  withTempDir(async (dir) => {
    const path = join(dir, "a.jsonl");
    const torn = new TextEncoder().encode("é\n\u0000\nüberlang");
    for (const chunk of [1, 4, undefined]) {
      // Bytes that are no UTF-8 are as long as they are.
      const bytes = [...torn.subarray(0, 3), 0xff, 10, ...torn.subarray(5, 6)];
      await Deno.writeFile(path, Uint8Array.from(bytes));
      assert.deepEqual([...wholeLines(path, chunk)], ["é", "\ufffd"]);
      assert.deepEqual([...await Deno.readFile(path)], bytes.slice(0, 5));
    }
    await Deno.writeTextFile(path, "no line at all");
    assert.deepEqual([...wholeLines(path, 4)], []);
    assert.equal((await Deno.stat(path)).size, 0);
  }));
