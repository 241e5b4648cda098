import assert from "node:assert/strict";
import { canonicalJson } from "../../lib/files/canonical_json.ts";
import { peakRssBytes, readMachine } from "../../lib/storage/machine.ts";
import { readProvenance } from "../../lib/storage/provenance.ts";
import { sampleRecord } from "./sample_record.ts";
import { moduleText, printedUnder } from "../support/printed_under.ts";

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
  assert.match(machine.cpuKind ?? "", Deno.build.os === "linux" ? /^family \d+, model \d+/ : /^$/);
  assert.ok(peakRssBytes() >= 0.9 * Deno.memoryUsage().rss);
});

Deno.test({
  name: "the peak of memory is the kernel's under a task's permissions, too",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const printed = await printedUnder(
      "-P=local",
      `import { peakRssBytes } from ${moduleText("lib/storage/machine.ts")};
       new Uint8Array(3e8).fill(1).buffer.transfer(0); // given back at once
       console.log(peakRssBytes() - Deno.memoryUsage().rss > 2e8);`,
    );
    assert.equal(printed, "true\n");
  },
});
