import assert from "node:assert/strict";
import { batchGroups, pack, packedRows } from "../../lib/policy/packing.ts";

const ids = (...values: number[]) => Int32Array.from(values);

Deno.test("prompts come once and first, then a segment a completion that predicts every token", () => {
  const batch = pack([
    { promptIds: ids(10, 11, 12), completions: [ids(20, 21), ids(30)] },
    { promptIds: ids(40), completions: [ids(50, 51, 52)] },
    { promptIds: ids(60, 61), completions: [ids(70)] },
  ]);
  assert.equal(batch.prefixRows, 3);
  assert.deepEqual([...batch.tokenIds], [10, 11, 60, 12, 20, 12, 40, 50, 51, 61]);
  assert.deepEqual([...batch.positions], [0, 1, 0, 2, 3, 2, 0, 1, 2, 1]);
  assert.deepEqual([...batch.targets], [20, 21, 30, 50, 51, 52, 70]);
  assert.deepEqual([...batch.lengths], [2, 1, 3, 1]);
  assert.deepEqual(batch.segments, [
    { start: 0, length: 2, prefixStart: 0, prefixLength: 0 },
    { start: 3, length: 2, prefixStart: 0, prefixLength: 2 },
    { start: 5, length: 1, prefixStart: 0, prefixLength: 2 },
    { start: 6, length: 3, prefixStart: 2, prefixLength: 0 },
    { start: 2, length: 1, prefixStart: 2, prefixLength: 0 },
    { start: 9, length: 1, prefixStart: 2, prefixLength: 1 },
  ]);
});

Deno.test("every row is in exactly one segment, and there is no padding", () => {
  const groups = Array.from({ length: 7 }, (_, g) => ({
    promptIds: new Int32Array(1 + g % 3).fill(1),
    completions: Array.from({ length: 1 + g % 4 }, (_, c) => new Int32Array(1 + c).fill(2)),
  }));
  const batch = pack(groups);
  const seen = new Int32Array(batch.tokenIds.length);
  for (const { start, length } of batch.segments) {
    for (let row = start; row < start + length; row++) seen[row]!++;
  }
  assert.ok(seen.every((count) => count === 1), `${seen}`);
  const tokens = groups.flatMap((g) => g.completions).reduce((sum, c) => sum + c.length, 0);
  const prefixes = groups.reduce((sum, g) => sum + g.promptIds.length - 1, 0);
  assert.equal(batch.tokenIds.length, tokens + prefixes);
  assert.equal(batch.targets.length, tokens);
  assert.equal(groups.reduce((sum, g) => sum + packedRows(g), 0), batch.tokenIds.length);
});

Deno.test("an empty prompt or completion is refused by its group's number", () => {
  const good = { promptIds: ids(1), completions: [ids(2)] };
  assert.throws(() => pack([good, { ...good, promptIds: ids() }]), /group 1 has an empty prompt/);
  assert.throws(
    () => pack([good, good, { ...good, completions: [ids(3), ids()] }]),
    /group 2 has an empty completion/,
  );
});

Deno.test("batches hold every group once, within the limit, similar lengths together", () => {
  const groups = [9, 1, 30, 4, 4, 12, 2, 8].map((length) => ({
    promptIds: ids(1),
    completions: [new Int32Array(length)],
  }));
  for (const maxRows of [1, 10, 16, 1000]) {
    const batches = batchGroups(groups, maxRows);
    assert.deepEqual(batches.flat().sort((a, b) => a - b), groups.map((_, i) => i));
    for (const batch of batches) {
      const rows = batch.reduce((sum, i) => sum + packedRows(groups[i]!), 0);
      assert.ok(rows <= maxRows || batch.length === 1, `${rows} rows in a pass of ${maxRows}`);
    }
    const sizes = batches.flat().map((i) => packedRows(groups[i]!));
    assert.deepEqual(sizes, sizes.toSorted((a, b) => a - b));
  }
  assert.deepEqual(batchGroups(groups, 1000).length, 1);
  assert.deepEqual(batchGroups([], 10), []);
});
