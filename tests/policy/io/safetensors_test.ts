import assert from "node:assert/strict";
import { join } from "node:path";
import { openSafetensors, openSafetensorsFolder } from "../../../lib/policy/io/safetensors.ts";
import { type HostTensor, writeSafetensors } from "../../../lib/policy/io/safetensors_writer.ts";
import { assertUserError } from "../../support/errors.ts";
import { withTempDir } from "../../support/temp_dir.ts";

const TENSORS: ReadonlyMap<string, HostTensor> = new Map([
  ["z", { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 1e-30, -0, Infinity) }],
  ["a", { shape: [], data: Float32Array.of(0.1) }],
  ["m", { shape: [0, 4], data: new Float32Array() }],
]);

/** A file from a header (JSON or text) and data, nothing checked. */
function rawFile(header: unknown, data: Uint8Array, headerLength?: bigint): Uint8Array {
  const text = new TextEncoder().encode(
    typeof header === "string" ? header : JSON.stringify(header),
  );
  const out = new Uint8Array(8 + text.length + data.length);
  new DataView(out.buffer).setBigUint64(0, headerLength ?? BigInt(text.length), true);
  out.set(text, 8);
  out.set(data, 8 + text.length);
  return out;
}

Deno.test("what is written is read back bit for bit, with the same bytes each time", () =>
  withTempDir(async (dir) => {
    const path = join(dir, "nested", "model.safetensors");
    await writeSafetensors(path, TENSORS);
    const weights = await openSafetensors(path);
    assert.deepEqual(weights.names, ["a", "m", "z"]);
    for (const [name, { shape, data }] of TENSORS) {
      assert.deepEqual(weights.shape(name), shape);
      assert.deepEqual(await weights.read(name), data);
    }
    const again = join(dir, "again.safetensors");
    await writeSafetensors(again, new Map([...TENSORS].reverse()));
    assert.deepEqual(await Deno.readFile(again), await Deno.readFile(path));
    assert.deepEqual([...Deno.readDirSync(join(dir, "nested"))].map((entry) => entry.name), [
      "model.safetensors",
    ]);
  }));

Deno.test("the bytes are the format's: length, sorted header with metadata, data", () =>
  withTempDir(async (dir) => {
    const path = join(dir, "x.safetensors");
    await writeSafetensors(path, new Map([["t", { shape: [1], data: Float32Array.of(1) }]]));
    const bytes = await Deno.readFile(path);
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    assert.equal(length % 8, 0);
    assert.deepEqual(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))), {
      __metadata__: { format: "pt" },
      t: { dtype: "F32", shape: [1], data_offsets: [0, 4] },
    });
    assert.deepEqual([...bytes.subarray(8 + length)], [0, 0, 0x80, 0x3f]);
  }));

Deno.test("half-precision files hold half the bytes and round values", () =>
  withTempDir(async (dir) => {
    const tensors = new Map([["t", { shape: [3], data: Float32Array.of(1, 0.1, -3) }]]);
    for (const [dtype, tenth] of [["F16", 0.0999755859375], ["BF16", 0.10009765625]] as const) {
      const path = join(dir, `${dtype}.safetensors`);
      await writeSafetensors(path, tensors, { dtype });
      const values = await (await openSafetensors(path)).read("t");
      assert.deepEqual(values, Float32Array.of(1, tenth, -3));
    }
  }));

Deno.test("element types that no model reads may stand in a file, and are refused when read", () =>
  withTempDir(async (dir) => {
    const path = join(dir, "mask.safetensors");
    const header = { mask: F32([2, 2], 0, 4, "U8"), t: F32([1], 4, 8) };
    await Deno.writeFile(path, rawFile(header, Uint8Array.of(1, 0, 1, 1, 0, 0, 0x80, 0x3f)));
    const weights = await openSafetensors(path);
    assert.deepEqual(weights.names, ["mask", "t"]);
    assert.deepEqual(await weights.read("t"), Float32Array.of(1));
    await assertUserError(() => weights.read("mask"), path, '"mask"', '"U8" is not supported');
  }));

Deno.test("a failed write leaves the old file", () =>
  withTempDir(async (dir) => {
    const path = join(dir, "model.safetensors");
    await writeSafetensors(path, TENSORS);
    const before = await Deno.readFile(path);
    const wrong = new Map([["t", { shape: [2], data: new Float32Array(3) }]]);
    await assert.rejects(() => writeSafetensors(path, wrong), RangeError);
    assert.deepEqual(await Deno.readFile(path), before);
    const folder = join(dir, "folder");
    await Deno.mkdir(join(folder, "in-the-way"), { recursive: true });
    await assertUserError(() => writeSafetensors(folder, TENSORS), folder, "cannot write");
    assert.deepEqual([...Deno.readDirSync(dir)].map((entry) => entry.name).sort(), [
      "folder",
      "model.safetensors",
    ]);
  }));

const F32 = (shape: unknown, begin: unknown, end: unknown, dtype: unknown = "F32") => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

/** Header, bytes of data, what the message must name. */
const LIES: [string, unknown, number, string[]][] = [
  ["not JSON", "{not json", 0, ["is not valid JSON"]],
  ["not an object", "[1, 2]", 0, ["JSON object"]],
  ["offsets beyond the file", { t: F32([4], 0, 16) }, 8, ['"t"', "outside"]],
  ["end before begin", { t: F32([0], 8, 4) }, 8, ['"t"', "outside"]],
  ["negative offsets", { t: F32([1], -4, 0) }, 4, ['"t"', "data_offsets"]],
  ["fractional offsets", { t: F32([1], 0.5, 4.5) }, 8, ['"t"', "data_offsets"]],
  ["no offsets", { t: { dtype: "F32", shape: [1] } }, 4, ['"t"', "data_offsets"]],
  ["shape larger than its bytes", { t: F32([3], 0, 8) }, 8, ['"t"', "needs 12 bytes"]],
  ["huge dimensions", { t: F32([2 ** 52, 2 ** 52], 0, 4) }, 4, ['"t"', "needs"]],
  ["dimension beyond 2^53", { t: F32([2 ** 60], 0, 4) }, 4, ['"t"', "shape"]],
  ["negative dimension", { t: F32([-1, -1], 0, 4) }, 4, ['"t"', "shape"]],
  ["too many dimensions", { t: F32(Array(9).fill(1), 0, 4) }, 4, ['"t"', "shape"]],
  ["unknown type", { t: F32([1], 0, 4, "F5") }, 4, ['"t"', "F5"]],
  ["other type of another size", { t: F32([1], 0, 4, "U8") }, 4, ['"t"', "needs 1 bytes"]],
  ["type from the prototype", { t: F32([1], 0, 4, "toString") }, 4, [
    '"t"',
    '"toString" is not sup',
  ]],
  ["no entry", { t: null }, 0, ['"t"']],
  ["overlap", { t: F32([2], 0, 8), u: F32([1], 4, 8) }, 8, ['"u"', "overlaps"]],
  ["gap", { t: F32([1], 4, 8) }, 8, ['"t"', "gap"]],
  ["bytes left over", { t: F32([1], 0, 4) }, 8, ["4 bytes after"]],
];

for (const [what, header, dataLength, texts] of LIES) {
  Deno.test(`a lying header is one error: ${what}`, () =>
    withTempDir(async (dir) => {
      const path = join(dir, "bad.safetensors");
      await Deno.writeFile(path, rawFile(header, new Uint8Array(dataLength)));
      await assertUserError(() => openSafetensors(path), path, ...texts);
    }));
}

Deno.test("truncated files and lying header lengths are errors", () =>
  withTempDir(async (dir) => {
    const path = join(dir, "model.safetensors");
    await writeSafetensors(path, TENSORS);
    const whole = await Deno.readFile(path);
    for (const length of [0, 7, 8, 20, whole.length - 1]) {
      await Deno.writeFile(path, whole.subarray(0, length));
      await assertUserError(() => openSafetensors(path), path);
    }
    for (const length of [3n, 101_000_000n, 2n ** 63n]) {
      await Deno.writeFile(path, rawFile("{}", new Uint8Array(2), length));
      await assertUserError(() => openSafetensors(path), path);
    }
    await assertUserError(() => openSafetensors(join(dir, "absent")), "absent", "cannot be read");
    await assertUserError(() => openSafetensors(dir), dir, "is not a file");
  }));

Deno.test("a file cut after it was opened, and an unknown name, are errors", () =>
  withTempDir(async (dir) => {
    const path = join(dir, "model.safetensors");
    await writeSafetensors(path, TENSORS);
    const weights = await openSafetensors(path);
    await assertUserError(() => weights.read("q"), path, 'tensor "q" is missing');
    await assertUserError(() => weights.shape("q"), path, 'tensor "q" is missing');
    await Deno.truncate(path, (await Deno.stat(path)).size - 2);
    await assertUserError(() => weights.read("z"), path, "ends at byte");
  }));

Deno.test("shards are read through their index", () =>
  withTempDir(async (dir) => {
    const [first, second] = ["model-1.safetensors", "model-2.safetensors"];
    const entries = [...TENSORS];
    await writeSafetensors(join(dir, first), new Map(entries.slice(0, 1)));
    await writeSafetensors(join(dir, second), new Map(entries.slice(1)));
    const index = (weight_map: unknown) =>
      Deno.writeTextFile(
        join(dir, "model.safetensors.index.json"),
        JSON.stringify({ metadata: {}, weight_map }),
      );
    await index({ z: first, a: second, m: second });
    const weights = await openSafetensorsFolder(dir);
    assert.deepEqual(weights.names, ["a", "m", "z"]);
    assert.deepEqual(await weights.read("z"), TENSORS.get("z")!.data);
    assert.deepEqual(await weights.read("a"), TENSORS.get("a")!.data);

    await index({ z: first, a: first });
    await assertUserError(() => openSafetensorsFolder(dir), first, '"a"', "missing");
    await index({ z: "../model-1.safetensors" });
    await assertUserError(() => openSafetensorsFolder(dir), "index.json", '"z"', "../model-1");
    await index({ z: "model-3.safetensors" });
    await assertUserError(() => openSafetensorsFolder(dir), "model-3.safetensors");
    await index([1]);
    await assertUserError(() => openSafetensorsFolder(dir), "weight_map");
  }));

Deno.test("a folder without weights says what it lacks", () =>
  withTempDir((dir) =>
    assertUserError(() => openSafetensorsFolder(dir), dir, "model.safetensors.index.json")
  ));
