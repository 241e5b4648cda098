/** Data sets are streamed: what is read is what is asked for, and texts are not held. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readDataset } from "../../lib/datasets/read_dataset.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { jsonLines } from "../support/tiny_pairs.ts";

const row = (text: string) => ({ prompt: "p", chosen: `${text} yes`, rejected: `${text} no` });

async function count(path: string, limit?: number): Promise<number> {
  let records = 0;
  for await (const { row } of readDataset(path, { limit })) records += Number(row.kind === "pair");
  return records;
}

Deno.test("a limit reads no further: what comes after may be broken", async () => {
  await withTempDir(async (dir) => {
    const path = join(dir, "d.jsonl");
    await Deno.writeTextFile(path, jsonLines(["a", "b", "c"].map(row)) + "{broken\n");
    assert.equal(await count(path, 3), 3);
    await assert.rejects(() => count(path), /d\.jsonl:4/);
    const csv = join(dir, "d.csv");
    await Deno.writeTextFile(csv, 'prompt,chosen,rejected,text\np,a,b,\np,"broken\n');
    assert.equal(await count(csv, 1), 1);
    await assert.rejects(() => count(csv), /d\.csv:3/);
  });
});

Deno.test("of a CSV, records with an empty text are left out, the first one too", async () => {
  await withTempDir(async (dir) => {
    const path = join(dir, "d.csv");
    const rowsOf = async (text: string) => {
      await Deno.writeTextFile(path, text);
      return (await Array.fromAsync(readDataset(path))).map(({ row }) => row);
    };
    const empty = { kind: "dropped", reason: "an empty response" };
    const pair = { kind: "pair", ...{ prompt: "p", chosen: "a", rejected: "b" } };
    assert.deepEqual(
      await rowsOf("prompt,chosen,rejected,judge\np,,b,x\np,a,,\np,a,b,\n"),
      [empty, empty, pair],
    );
    const [first, second] = await rowsOf("prompt,completion\np,\np,c\n");
    assert.deepEqual([first, second?.kind], [empty, "demonstration"]);
    assert.deepEqual((await rowsOf("text,source\nAll of it.,x\n,x\n")).at(-1), empty);
    // What no row fills is no column: these are demonstrations.
    const [shown] = await rowsOf("prompt,completion,chosen,rejected\np,c,,\n");
    assert.deepEqual(shown, { kind: "demonstration", prompt: "p", completion: "c" });
  });
});

Deno.test("the parts of a folder are one data set, in order, gzip or not", async () => {
  await withTempDir(async (dir) => {
    const text = new Blob([jsonLines(["a", "b"].map(row))]);
    await Deno.writeFile(
      join(dir, "train-00000.jsonl.gz"),
      text.stream().pipeThrough(new CompressionStream("gzip")),
    );
    await Deno.writeTextFile(join(dir, "train-00001.jsonl"), jsonLines([row("c")]));
    const read: [string, unknown][] = [];
    for await (const { id, row } of readDataset(dir)) {
      read.push([id, row.kind === "pair" && row.chosen]);
    }
    assert.deepEqual(read, [["0", "a yes"], ["1", "b yes"], ["2", "c yes"]]);
  });
});

Deno.test("conversations with tools or reasoning are left out, for a reason that can be counted", async () => {
  await withTempDir(async (dir) => {
    const path = join(dir, "d.jsonl");
    const user = { role: "user", content: "a" }, assistant = { role: "assistant", content: "b" };
    const call = { role: "assistant", tool_calls: [{ function: { name: "f", arguments: {} } }] };
    const messages = [user, assistant];
    await Deno.writeTextFile(
      path,
      jsonLines([
        { messages, tools: [] },
        { messages: [user, call, { role: "tool", name: "f", content: "1" }, assistant] },
        { messages, tools: '[{"type": "function"}]' },
        { messages, chat_template_kwargs: { enable_thinking: false } },
        { messages: [user, { ...assistant, reasoning_content: "c" }] },
        { messages: [user, { ...assistant, thinking: "c" }] },
      ]),
    );
    const read: string[] = [];
    for await (const { row } of readDataset(path)) {
      read.push(row.kind === "dropped" ? row.reason : row.kind);
    }
    assert.deepEqual(read, [
      "demonstration",
      "calls of tools",
      "a list of tools",
      "options of the chat template",
      "reasoning beside the answer",
      "reasoning beside the answer",
    ]);
  });
});

Deno.test("scores that Parquet holds as 64-bit integers make a gap", async () => {
  // Made by pyarrow: tools/parity/preference_formats.py.
  const path = fileURLToPath(new URL("../data/parquet/integers.parquet", import.meta.url));
  const gaps: unknown[] = [];
  for await (const { row } of readDataset(path)) gaps.push(row.kind === "pair" && row.gap);
  assert.deepEqual(gaps, [5, 3, 1]);
});

Deno.test("memory does not grow with the texts", async () => {
  await withTempDir(async (dir) => {
    const path = join(dir, "d.jsonl"), records = 160;
    const bytes = new TextEncoder().encode(jsonLines([row("long ".repeat(100_000))])); // 1 MB
    using file = await Deno.open(path, { write: true, create: true });
    for (let i = 0; i < records; i++) await file.write(bytes);
    let read = 0, most = 0;
    const before = Deno.memoryUsage().heapUsed;
    for await (const { row } of readDataset(path)) {
      read += Number(row.kind === "pair");
      most = Math.max(most, Deno.memoryUsage().heapUsed - before);
    }
    assert.equal(read, records);
    // Of 160 MB; 41 MB were measured, which the collector had not got to.
    assert.ok(most < 100e6, `${(most / 1e6).toFixed(0)} MB held`);
  });
});
