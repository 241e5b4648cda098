import assert from "node:assert/strict";
import { metricsTable, scalarsOf } from "../../lib/report/run_tables.ts";
import { crc32c, eventFile } from "../../lib/report/tensorboard.ts";
import { sampleRecord } from "./sample_record.ts";

Deno.test("metrics.csv has the SFT model and every iteration, and what was measured", () => {
  const { columns, rows } = metricsTable(sampleRecord());
  assert.deepEqual(rows.map((row) => row[0]), [0, 1, 2, 3]);
  const accuracy = columns.indexOf("heldOutAccuracy");
  assert.deepEqual(rows.map((row) => row[accuracy]), [null, 0.56, 0.62, 0.5 + 0.06 * 3]);
  assert.ok(!columns.includes("gold"), "what was not measured has no column");
});

Deno.test("curves: every step, and each iteration's metrics at its last step", () => {
  const scalars = scalarsOf(sampleRecord(12));
  const at = (tag: string) => scalars.filter((each) => each.tag === tag);
  assert.deepEqual(
    at("train/loss").map(({ step }) => step),
    Array.from({ length: 36 }, (_, i) => i + 1),
  );
  assert.deepEqual(at("eval/heldOutAccuracy").map(({ step }) => step), [12, 24, 36]);
  assert.deepEqual(at("eval/kl").map(({ step, value }) => [step, value]), [
    ...[[0, 0], [12, 0.9], [24, 1.8]],
    [36, 0.9 * 3],
  ]);
  assert.ok(scalars.every(({ value }) => Number.isFinite(value)));
});

Deno.test("without steps, as of a trainer that told of none, curves go by iterations", () => {
  const scalars = scalarsOf({ ...sampleRecord(), steps: [] });
  const kl = scalars.filter(({ tag }) => tag === "eval/kl");
  assert.deepEqual(kl.map(({ step, value }) => [step, value]), [
    ...[[0, 0], [1, 0.9], [2, 1.8]],
    [3, 0.9 * 3],
  ]);
});

Deno.test("an event file is what TensorBoard's own writer would have written", () => {
  // RFC 3720, B.4: 32 bytes of zeros; the digits 1 to 9 are the polynomial's usual check value.
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
  // tensorboard 2.x: SummaryWriter(...) of Event(wall_time=1.5, step=300, simple_value=0.25).
  const [version, event] = eventFile([{ tag: "a/b", step: 300, value: 0.25 }], 1.5);
  const hex = (bytes?: Uint8Array) => bytes?.toHex() ?? "";
  assert.equal(hex(version?.subarray(12, -4)), "09000000000000f83f1a0d627261696e2e4576656e743a32");
  assert.equal(
    hex(event?.subarray(12, -4)),
    "09000000000000f83f10ac022a0c0a0a0a03612f62150000803e",
  );
  assert.equal(hex(event?.subarray(0, 8)), "1a00000000000000");
});

Deno.test("events are in the order of steps and times, each with all values of its step", () => {
  const scalars = [
    ...[2, 1].map((step) => ({ tag: "train/loss", step, value: step })),
    ...[0, 2].map((step) => ({ tag: "eval/kl", step, value: step })),
  ];
  const [, ...events] = eventFile(scalars, 1000);
  const read = events.map((event) => {
    const time = new DataView(event.buffer).getFloat64(13, true);
    const text = new TextDecoder().decode(event);
    return [event[22], time, ["train/loss", "eval/kl"].filter((tag) => text.includes(tag))];
  });
  assert.deepEqual(read, [
    [0, 1000, ["eval/kl"]],
    [1, 1000.001, ["train/loss"]],
    [2, 1000.002, ["train/loss", "eval/kl"]],
  ]);
});
