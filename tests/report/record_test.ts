import assert from "node:assert/strict";
import { canonicalJson } from "../../lib/files/canonical_json.ts";
import { peakRssBytes, readMachine } from "../../lib/storage/machine.ts";
import { readProvenance } from "../../lib/storage/provenance.ts";
import { comparableRecord } from "../../lib/report/record.ts";
import { sampleRecord } from "./sample_record.ts";

Deno.test("two runs of one config compare equal on another machine at another time, and only then", () => {
  const record = sampleRecord();
  const elsewhere = {
    ...record,
    machine: { ...record.machine, cores: 64 },
    timings: { ...record.timings, seconds: 1, processes: 5 },
  };
  const text = canonicalJson(comparableRecord(record));
  assert.equal(canonicalJson(comparableRecord(elsewhere)), text);
  const steps = record.steps.map((step, i) =>
    i === 7 ? { ...step, loss: step.loss + 1e-16 } : step
  );
  assert.notEqual(steps[7]?.loss, record.steps[7]?.loss);
  assert.notEqual(canonicalJson(comparableRecord({ ...record, steps })), text);
});

Deno.test("a record is plain JSON: it reads back the same", () => {
  const record = sampleRecord();
  assert.deepEqual(JSON.parse(canonicalJson(record, { indent: 2 })), record);
});

Deno.test("the record names the code and the machine", async () => {
  const { commit, dirty, versions } = await readProvenance();
  assert.equal(versions.deno, Deno.version.deno);
  assert.match(versions.tfjs, /^\d+\.\d+\.\d+$/);
  if (commit === null) assert.equal(dirty, null);
  else assert.match(commit, /^[0-9a-f]{40}$/);
  const machine = readMachine();
  assert.ok(machine.cores >= 1 && machine.memoryBytes > 2 ** 28);
  assert.ok(peakRssBytes() >= 0.9 * Deno.memoryUsage().rss);
});
