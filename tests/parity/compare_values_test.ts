import assert from "node:assert/strict";
import { compareFolders } from "../../tools/parity/compare_values.ts";

function folderOf(files: Record<string, unknown>): string {
  const folder = Deno.makeTempDirSync();
  for (const [name, value] of Object.entries(files)) {
    Deno.writeTextFileSync(`${folder}/${name}`, JSON.stringify(value));
  }
  return folder;
}

/** What comparing one committed value with a fresh one says. */
function compared(committed: Record<string, unknown>, fresh: Record<string, unknown>) {
  const [a, b] = [folderOf(committed), folderOf(fresh)];
  try {
    return compareFolders(a, b);
  } finally {
    for (const folder of [a, b]) Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("fresh values are compared number by number, relative above 1", () => {
  const [found] = compared({ "a.json": { x: [0.5, -200.5] } }, { "a.json": { x: [0.5, -200.3] } });
  assert.equal(found!.name, "a.json");
  assert.ok(Math.abs(found!.largest - 0.2 / 200.5) < 1e-9, String(found!.largest));
});

Deno.test("rounding noise that a file records is not compared", () => {
  const noise = (n: number) => ({
    "a.json": { x: 1.5, smallestGap: n, largestDifferenceWith2: n },
  });
  assert.equal(compared(noise(0.25), noise(0.75))[0]!.largest, 0);
});

Deno.test("another id, text, length, field or file is a mismatch that says where", () => {
  const cases: [unknown, unknown, RegExp][] = [
    [{ ids: [1, 2] }, { ids: [1, 3] }, /\/ids\/1: 2, now 3/],
    [{ ids: [1, 2] }, { ids: [1] }, /\/ids: 2 entries, now 1/],
    [{ text: "a" }, { text: "b" }, /\/text: "a", now "b"/],
    [{ loss: 0.5 }, { loss: null }, /\/loss: 0.5, now null/],
    [{ a: 1.5 }, { b: 1.5 }, /\/a: no longer there/],
  ];
  for (const [committed, fresh, message] of cases) {
    const [found] = compared({ "a.json": committed }, { "a.json": fresh });
    assert.equal(found!.largest, Infinity);
    assert.match(found!.mismatch ?? "", message);
  }
  assert.match(compared({}, { "a.json": 1 })[0]!.mismatch ?? "", /not committed/);
});
