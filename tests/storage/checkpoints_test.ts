import assert from "node:assert/strict";
import { join } from "node:path";
import { openSafetensors } from "../../lib/policy/io/safetensors.ts";
import type { HostTensor } from "../../lib/policy/io/safetensors_writer.ts";
import { Artefacts } from "../../lib/storage/artefacts.ts";
import { canonicalJson } from "../../lib/files/canonical_json.ts";
import { bytesOf, sha256 } from "../../lib/files/fingerprint.ts";
import { Checkpoints } from "../../lib/storage/checkpoints.ts";
import { crashAt, crashes, inTemporaryFolder } from "./crash.ts";

function tensorsOf(seed: number): Map<string, HostTensor> {
  const data = Float32Array.from({ length: 6 }, (_, i) => Math.fround((seed + i) / 7));
  data[5] = -0;
  return new Map<string, HostTensor>([
    ["layer.lora_A", { shape: [2, 3], data }],
    ["adam.m", { shape: [], data: Float32Array.of(seed) }],
    ["empty", { shape: [0, 4], data: new Float32Array(0) }],
  ]);
}

const silent = () => {};

Deno.test("a checkpoint reads back bit for bit", () =>
  inTemporaryFolder((folder) => {
    const store = new Checkpoints(new Artefacts(folder));
    const tensors = tensorsOf(3);
    const state = { iteration: 2, rate: 0.1 + 0.2, log: "steps.jsonl" };
    store.save({ position: 41, tensors, state });
    const back = store.loadLatest(silent);
    assert.equal(back?.position, 41);
    assert.deepEqual(back?.state, state);
    assert.deepEqual([...(back?.tensors.keys() ?? [])], [...tensors.keys()].sort());
    for (const [name, { shape, data }] of tensors) {
      const tensor = back?.tensors.get(name);
      assert.deepEqual(tensor?.shape, shape);
      assert.deepEqual(
        bytesOf(tensor?.data as Float32Array<ArrayBuffer>),
        bytesOf(data as Float32Array<ArrayBuffer>),
      );
    }
  }));

Deno.test("a checkpoint is a safetensors file that other readers open", () =>
  inTemporaryFolder(async (folder) => {
    new Checkpoints(new Artefacts(folder)).save({ position: 1, tensors: tensorsOf(1), state: {} });
    const file = await openSafetensors(join(folder, "checkpoints", "0000000001.safetensors"));
    assert.deepEqual(file.shape("layer.lora_A"), [2, 3]);
    assert.deepEqual(await file.read("layer.lora_A"), tensorsOf(1).get("layer.lora_A")?.data);
  }));

Deno.test("the last two are kept", () =>
  inTemporaryFolder((folder) => {
    const artefacts = new Artefacts(folder);
    const store = new Checkpoints(artefacts);
    assert.equal(store.loadLatest(silent), undefined);
    for (const position of [8, 9, 10, 11]) {
      store.save({ position, tensors: tensorsOf(position), state: { position } });
    }
    assert.deepEqual(artefacts.list("checkpoints"), [
      "checkpoints/0000000010.safetensors",
      "checkpoints/0000000011.safetensors",
    ]);
    assert.deepEqual(store.loadLatest(silent)?.state, { position: 11 });
    store.clear();
    assert.deepEqual(artefacts.list("checkpoints"), []);
  }));

Deno.test("what is done again is kept: checkpoints of later positions go, those of other parts stay", () =>
  inTemporaryFolder((folder) => {
    const artefacts = new Artefacts(folder);
    const store = new Checkpoints(artefacts);
    const save = (position: number, to = store) =>
      to.save({ position, tensors: tensorsOf(position), state: { position } });
    const other = new Checkpoints(artefacts, "fold-0");
    save(34, other);
    save(31);
    save(32);
    save(20); // iteration 2, done again
    assert.deepEqual(store.loadLatest(silent)?.state, { position: 20 });
    save(21);
    save(22);
    assert.deepEqual(store.loadLatest(silent)?.state, { position: 22 });
    save(31);
    assert.deepEqual(artefacts.list("checkpoints"), [
      "checkpoints/0000000022.safetensors",
      "checkpoints/0000000031.safetensors",
      "checkpoints/fold-0-0000000034.safetensors",
    ]);
  }));

Deno.test("any changed or missing byte sends a run back to the checkpoint before, with a warning", () =>
  inTemporaryFolder((folder) => {
    const artefacts = new Artefacts(folder);
    const store = new Checkpoints(artefacts);
    const path = join(folder, "checkpoints", "0000000002.safetensors");
    store.save({ position: 1, tensors: tensorsOf(1), state: { a: 1 } });
    store.save({ position: 2, tensors: tensorsOf(2), state: { a: 2 } });
    const good = Deno.readFileSync(path);
    const bad: Uint8Array<ArrayBuffer>[] = [0, 1, 5, good.length - 1].map((n) => good.slice(0, n));
    for (let i = 0; i < good.length; i++) {
      const flipped = good.slice();
      flipped[i] = (flipped[i] as number) ^ 4;
      bad.push(flipped);
    }
    for (const [i, bytes] of bad.entries()) {
      Deno.writeFileSync(path, bytes);
      const warnings: string[] = [];
      const back = store.loadLatest((message) => warnings.push(message));
      assert.deepEqual(back?.state, { a: 1 }, `damage ${i}`);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0] ?? "", /0000000002\.safetensors is corrupt/);
      assert.ok(!artefacts.has("checkpoints/0000000002.safetensors"));
    }
  }));

Deno.test("a crash at any operation of a save leaves a whole checkpoint to go on from", async () => {
  for (let n = 1, crashed = true; crashed; n++) {
    await inTemporaryFolder((folder) => {
      const before = new Checkpoints(new Artefacts(folder));
      before.save({ position: 1, tensors: tensorsOf(1), state: { a: 1 } });
      before.save({ position: 2, tensors: tensorsOf(2), state: { a: 2 } });
      const dying = new Checkpoints(new Artefacts(folder, crashAt(n).probe));
      crashed = crashes(() => dying.save({ position: 3, tensors: tensorsOf(3), state: { a: 3 } }));
      const back = new Checkpoints(new Artefacts(folder)).loadLatest((m) => assert.fail(m));
      assert.ok(back !== undefined && (back.position === 2 || back.position === 3));
      assert.deepEqual(back.state, { a: back.position });
      assert.deepEqual(back.tensors.get("adam.m")?.data, Float32Array.of(back.position));
    });
  }
});

Deno.test("a shape that does not fit and a position that is no whole number are refused", () =>
  inTemporaryFolder((folder) => {
    const store = new Checkpoints(new Artefacts(folder));
    const tensors = new Map([["w", { shape: [2, 2], data: new Float32Array(3) }]]);
    assert.throws(() => store.save({ position: 1, tensors, state: {} }), /tensor w: shape \[2,2\]/);
    assert.throws(
      () => store.save({ position: 1.5, tensors: new Map(), state: {} }),
      /whole number/,
    );
  }));

Deno.test("a checkpoint made by hand, its hash fitting, is corrupt and no crash", () =>
  inTemporaryFolder((folder) => {
    const store = new Checkpoints(new Artefacts(folder));
    const sealed = (table: unknown, position: string, state: string, data: number) => {
      const body = new Uint8Array(data);
      const digest = sha256(canonicalJson([position, state, table]), body);
      const metadata = { format: "sera-checkpoint-1", position, state, sha256: digest };
      const json = canonicalJson({ ...table as object, __metadata__: metadata });
      const header = new TextEncoder().encode(json);
      const file = new Uint8Array(8 + header.length + data);
      new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
      file.set(header, 8);
      return file;
    };
    const entry = (shape: unknown, offsets: unknown) => ({ a: { shape, data_offsets: offsets } });
    const files = [
      sealed({ a: null }, "1", "{}", 8),
      sealed(entry([2], [0, 800]), "1", "{}", 8),
      sealed(entry([3], [0, 8]), "1", "{}", 8),
      sealed(entry("x", [0, 8]), "1", "{}", 8),
      sealed(entry([1], [1, 5]), "1", "{}", 8),
      sealed({}, "many", "{}", 0),
      sealed({}, "1", "{", 0),
      sealed({}, "1", "null", 0),
    ];
    for (const file of files) {
      Deno.mkdirSync(join(folder, "checkpoints"), { recursive: true });
      Deno.writeFileSync(join(folder, "checkpoints", "0000000001.safetensors"), file);
      const warnings: string[] = [];
      assert.equal(store.loadLatest((message) => warnings.push(message)), undefined);
      assert.match(warnings.join(), /is corrupt \(its parts do not fit together\)/);
    }
  }));
