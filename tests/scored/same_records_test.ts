/** Which records of two files `select` takes for the same pair, and where it refuses to. */
import assert from "node:assert/strict";
import { textHash } from "../../lib/scored/record_marks.ts";
import { type Row, runSelect as run } from "../support/run_select.ts";

const rows: Row[] = [3, -2, 0, 1, -1].map((margin, id) => ({
  ...{ id, prompt: `q${id}`, chosen: `c${id}`, rejected: `r${id}` },
  ...{
    chosen_logp: -10 + margin,
    rejected_logp: -10,
    ref_chosen_logp: -10,
    ref_rejected_logp: -10,
  },
}));
const data = ["--data", "new.jsonl"];

Deno.test("records without ids belong together by position, in files of one length only", async () => {
  const plain = (count: number): Row[] =>
    Array.from({ length: count }, (_, i) => ({
      ...{ prompt: `q${i}`, chosen: "c", rejected: "r" },
      ...{ chosen_logp: -i, rejected_logp: -1, ref_chosen_logp: -1, ref_rejected_logp: -1 },
    }));
  const withIds = (count: number) => plain(count).map((row, i) => ({ id: i, ...row }));
  const args = ["--data", "new.jsonl", "--history", "h.jsonl", "--count", "2"];
  const { kept } = await run({ "new.jsonl": plain(4), "h.jsonl": plain(4) }, args);
  assert.deepEqual(kept.map(({ id }) => id), ["0", "1"]);
  const message = /h.jsonl has 5 records and .*new.jsonl 4, .*positions.*give each a field "id"/;
  for (
    const [newest, past] of [
      [plain(4), plain(5)],
      [withIds(4), plain(5)],
      [plain(4), withIds(5)],
    ] as const
  ) {
    await assert.rejects(run({ "new.jsonl": newest, "h.jsonl": past }, args), { message });
  }
  // Ids tell the records of a longer file.
  await run({ "new.jsonl": withIds(4), "h.jsonl": withIds(5).toReversed() }, args);
});

Deno.test("an id that two pairs have is refused, with both places", async () => {
  const twice = rows.map((row, i) => ({ ...row, id: i === 4 ? 1 : i }));
  const message =
    /new.jsonl:2 and \S*new.jsonl:5 both have the id "1": give each pair an id of its own, or none/;
  await assert.rejects(run({ "new.jsonl": twice }, data), { message });
  const [args, past] = [[...data, "--history", "h.jsonl"], {
    message: /h.jsonl:2 and \S*h.jsonl:5/,
  }];
  await assert.rejects(run({ "new.jsonl": rows, "h.jsonl": twice }, args), past);
  // A position is no id of its own beside ids.
  const mixed = rows.map(({ id, ...row }, i) => i === 2 ? row : { id: i === 4 ? 2 : id, ...row });
  await assert.rejects(run({ "new.jsonl": mixed }, data), { message: /:3 and .*:5 both/ });
});

Deno.test("a record whose prompt is another file's next one is refused, though the ids agree", async () => {
  const args = [...data, "--history", "h.jsonl"];
  const runs = (past: readonly Row[]) => run({ "new.jsonl": rows, "h.jsonl": past }, args);
  // What `score --texts` writes of a file without ids that has lost its third row and gained a last.
  const shifted = rows.map((row, i) => ({ ...row, prompt: `q${i < 2 ? i : i + 1}` }));
  const message =
    /record 3 of \S*h.jsonl and record 3 of \S*new.jsonl have the id "2" and different prompts/;
  await assert.rejects(runs(shifted), { message });
  const moved = /record 2 of \S*h.jsonl and record 3 of \S*new.jsonl have the id "2"/;
  await assert.rejects(runs([...shifted.slice(1), shifted[0] as Row]), { message: moved });
  const votes = [...data, "--by", "votes", "--voters", "h.jsonl"];
  await assert.rejects(run({ "new.jsonl": rows, "h.jsonl": shifted }, votes), { message });
  // Messages are compared with messages; with text, or where there is no prompt, nothing is.
  const said = (content: unknown) => [{ content, role: "user" }];
  const inMessages = (of: readonly Row[]) =>
    of.map(({ prompt, chosen, rejected, ...row }) => ({
      ...{ prompt: said(prompt), chosen: said(chosen), rejected: said(rejected), ...row },
    }));
  const both = { "new.jsonl": inMessages(rows), "h.jsonl": inMessages(shifted) };
  await assert.rejects(run(both, args), { message });
  await run({ ...both, "h.jsonl": inMessages(rows) }, args);
  await runs(inMessages(shifted));
  await runs(shifted.map((row) => ({ ...row, prompt: said([{ type: "text", text: "q" }]) })));
  await runs(shifted.map(({ prompt: _, ...row }) => row));
});

Deno.test("without texts, the hash that score writes tells that rows moved or sides were exchanged", async () => {
  const hashed = (of: readonly Row[], swap = false) =>
    of.map(({ id, prompt, chosen, rejected, ...row }) => {
      const sides = swap ? [rejected, chosen] : [chosen, rejected];
      return { id, text_hash: textHash([prompt, ...sides] as string[]), ...row };
    });
  const args = [...data, "--history", "h.jsonl"];
  const runs = (past: readonly Row[]) =>
    run(
      { "new.jsonl": rows.map((row, i) => ({ ...row, ...hashed(rows)[i] })), "h.jsonl": past },
      args,
    );
  await runs(hashed(rows));
  await runs(hashed(rows).toReversed());
  const moved = hashed(rows).map((row, i) => ({ ...row, id: (i + 1) % 5 }));
  const message =
    /record 5 of \S*h.jsonl and record 1 of \S*new.jsonl .*different texts \(text_hash\)/;
  await assert.rejects(runs(moved), { message });
  await assert.rejects(runs(hashed(rows, true)), { message: /record 1 of .*different texts/ });
  // Files of other programs hold none.
  await runs(hashed(rows, true).map(({ text_hash: _, ...row }) => row));
  // A label that changes makes the hash another pair's.
  const files = { "new.jsonl": rows.map((row, i) => ({ ...row, ...hashed(rows)[i] })) };
  const { kept } = await run(files, [...data, "--rule", "relabel"]);
  const verdicts = kept.map(({ verdict }) => verdict === "swapped");
  assert.deepEqual(kept.map(({ text_hash: hash }) => hash === null), verdicts);
  assert(verdicts.includes(true) && verdicts.includes(false));
});
