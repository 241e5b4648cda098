import assert from "node:assert/strict";
import { dirname } from "node:path";
import type { PreferencePair } from "../../lib/data/preference.ts";
import { readPreferences } from "../../lib/data/read_preferences.ts";
import {
  JsonlWriter,
  prepareOutput,
  writeJsonl,
  writePreferences,
} from "../../lib/data/write_jsonl.ts";
import { withFile } from "./temporary_file.ts";

const files = (path: string) => [...Deno.readDirSync(dirname(path))].map(({ name }) => name);

Deno.test("pairs are written so that they read back equal", async () => {
  const standard: PreferencePair[] = [
    { id: "a", prompt: "Line\nbreak \u2028 é😀", chosen: '"quoted"', rejected: "\\" },
    { id: "b", prompt: "p", chosen: "c", rejected: "r" },
  ];
  const say = (content: string) => [{ role: "assistant", content }];
  const talks: PreferencePair[] = [
    { id: "a", prompt: [{ role: "user", content: "p" }], chosen: say("c"), rejected: say("r") },
  ];
  for (const pairs of [standard, talks]) {
    await withFile("out.jsonl", "old", async (path) => {
      writePreferences(path, pairs, ({ id }, index) => ({ score: index, from: id }));
      const file = await readPreferences(path);
      assert.deepEqual(file.pairs, pairs);
      assert.deepEqual(file.columns.slice(4).map(({ name }) => name), ["score", "from"]);
      assert.deepEqual(files(path), ["out.jsonl"]);
    });
  }
});

Deno.test("a write that fails leaves the old file and no other", async () => {
  await withFile("out.jsonl", "old", (path) => {
    const records = function* () {
      yield { text: "a".repeat(3 << 20) };
      throw new Error("stop");
    };
    assert.throws(() => writeJsonl(path, records()), { message: "stop" });
    assert.equal(Deno.readTextFileSync(path), "old");
    assert.deepEqual(files(path), ["out.jsonl"]);
    assert.throws(() => writeJsonl(`${path}/x/y.jsonl`, []));
  });
});

Deno.test("a number that is not finite is refused by its place: JSON would make it null", async () => {
  await withFile("out.jsonl", "old", (path) => {
    for (const [value, name] of [[NaN, "NaN"], [Infinity, "Infinity"], [-Infinity, "-Infinity"]]) {
      const records = [{ id: "a", irm: 1 }, { id: "b", irm: value }];
      assert.throws(() => writeJsonl(path, records), {
        name: "UserError",
        message: `${path}: irm of record b is ${name}`,
      });
      assert.throws(() => writeJsonl(path, [{ deep: [{ x: value }] }]), {
        name: "UserError",
        message: `${path}: x of record without id is ${name}`,
      });
    }
    {
      using writer = new JsonlWriter(path);
      writer.add({ id: "a", irm: 1 });
      assert.throws(() => writer.add({ id: "b", irm: NaN }), { name: "UserError" });
    }
    assert.equal(Deno.readTextFileSync(path), "old");
    assert.deepEqual(files(path), ["out.jsonl"]);
  });
});

Deno.test("texts and messages do not go into one file", async () => {
  await withFile("out.jsonl", "old", (path) => {
    const mixed: PreferencePair[] = [
      { id: "a", prompt: "p", chosen: "c", rejected: "r" },
      { id: "b", prompt: [{ role: "user", content: "p" }], chosen: "c", rejected: "r" },
    ];
    assert.throws(() => writePreferences(path, mixed), {
      name: "UserError",
      message: /TRL cannot/,
    });
    assert.equal(Deno.readTextFileSync(path), "old");
  });
});

Deno.test("an output's folder is made before the work; a folder is no output", async () => {
  await withFile("out.jsonl", "old", (path) => {
    prepareOutput(path);
    assert.equal(Deno.readTextFileSync(path), "old");
    const deep = `${path}-more/x/y.jsonl`;
    prepareOutput(deep);
    writeJsonl(deep, [1]);
    assert.equal(Deno.readTextFileSync(deep), "1\n");
    assert.throws(() => prepareOutput(`${path}-more/x`), { name: "UserError", message: /folder/ });
    assert.throws(() => prepareOutput(`${path}/y.jsonl`));
  });
});
