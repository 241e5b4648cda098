/** The forms in which preference data lies about: CSV, gzip, folders of parts, content parts. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { join } from "node:path";
import { readPreferences } from "../../lib/data/read_preferences.ts";
import { readSourceColumns } from "../../lib/data/source_columns.ts";
import { tokenizePairs } from "../../lib/data/tokenize_pairs.ts";
import { assertUserError } from "../support/errors.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { jsonl, withFile } from "./temporary_file.ts";
import { tinyTokenizer } from "./tiny_tokenizer.ts";

const PAIRS = [
  { prompt: "a", chosen: 'one, "two"\nthree', rejected: "no", judge: "x" },
  { prompt: "b", chosen: "yes", rejected: "n", judge: "y" },
];
const CSV = `\uFEFFprompt,chosen,rejected,judge\r
a,"one, ""two""
three",no,x\r
b,yes,n,y\r
`;

Deno.test("CSV and gzip read the same as JSONL, by the same fingerprint", async () => {
  const read = (name: string, content: string | Uint8Array) =>
    withFile(name, content, async (path) => {
      const { pairs, fingerprint } = await readPreferences(path);
      const ids = new Set(pairs.map(({ id }) => id));
      return [fingerprint, [...(await readSourceColumns(path, ids)).values()]];
    });
  const expected = await read("p.jsonl", jsonl(...PAIRS));
  assert.deepEqual(expected[1], [{ judge: "x" }, { judge: "y" }]);
  const zipped = (text: string) => new Uint8Array(gzipSync(text));
  const joined = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));
  const array = JSON.stringify(PAIRS);
  for (
    const [name, content] of [
      ...[["p.csv", CSV], ["p.csv.gz", zipped(CSV)], ["p.jsonl.gz", zipped(jsonl(...PAIRS))]],
      ...[["p.json.gz", zipped(array)], ["p", zipped(array)]],
      // Several members: `cat a.gz b.gz`, and bgzip, whose last one is empty.
      ["p.jsonl.gz", joined(...PAIRS.map((pair) => zipped(jsonl(pair))), zipped(""))],
    ] as [string, string | Uint8Array][]
  ) {
    assert.deepEqual(await read(name, content), expected, name);
  }
});

Deno.test("CSV holds conversations as JSON, and complains by line", async () => {
  const chat = JSON.stringify([{ role: "assistant", content: "hi" }]).replaceAll('"', '""');
  const row = `"[{""role"": ""user"", ""content"": ""Q""}]","${chat}","${
    chat.replace("hi", "ho")
  }"\n`;
  await withFile("p.csv", `prompt,chosen,rejected\n${row}`, async (path) => {
    const { pairs } = await readPreferences(path);
    assert.deepEqual(pairs[0]?.chosen, [{ role: "assistant", content: "hi" }]);
  });
  const complaint = (text: string, ...expected: (string | RegExp)[]) =>
    withFile(
      "p.csv",
      `prompt,chosen,rejected\n${text}`,
      (path) => assertUserError(() => readPreferences(path), ...expected),
    );
  await complaint('a,"b\nc",d\ne,f\n', /p\.csv:4: 2 fields where the header has 3/);
  await complaint('a,"b,c\n', /p\.csv:2: a quoted field does not end/);
});

Deno.test("an empty cell of a text is an empty text, as in JSONL; any other is left out", async () => {
  const both = async (rows: readonly Record<string, string>[]) => {
    const told = rows.map((row) => Object.entries(row).filter(([name, v]) => name !== "id" || v));
    const header = Object.keys(rows[0] ?? {});
    const csv = [header, ...rows.map((row) => header.map((name) => row[name]))].join("\n");
    const read = (name: string, content: string) =>
      withFile(name, content, async (path) => {
        try {
          const { pairs, skipped } = await readPreferences(path);
          return { pairs, reasons: skipped.map(({ reason }) => reason) };
        } catch (error) {
          return (error as Error).message.split(": ").slice(1).join(": ");
        }
      });
    const found = await read("p.csv", csv);
    assert.deepEqual(found, await read("p.jsonl", jsonl(...told.map(Object.fromEntries))));
    return found;
  };
  const pair = { id: "", prompt: "Why?", chosen: "abc def", rejected: "abc xyz" };
  assert.deepEqual(await both([pair, { ...pair, chosen: "" }, { ...pair, rejected: "" }]), {
    pairs: [{ ...pair, id: "0" }],
    reasons: ["an empty answer", "an empty answer"],
  });
  assert.equal(
    await both([pair, { ...pair, prompt: "" }]),
    'field "prompt" must be text or a list of messages, got empty text',
  );
});

Deno.test("a text column of a CSV that no row fills is no column: the prompt is the shared start", async () => {
  await withFile("p.csv", "prompt,chosen,rejected\n,abc def,abc xyz\n", async (path) => {
    const { pairs, columns } = await readPreferences(path);
    assert.deepEqual(pairs, [{ id: "0", prompt: "abc", chosen: " def", rejected: " xyz" }]);
    assert.deepEqual(columns.map(({ name }) => name), ["chosen", "rejected"]);
  });
});

Deno.test("a quote that opens the rest of a large CSV is named by its line", async () => {
  const rows = "c,d,e\n".repeat(2_000_000);
  const read = (text: string) =>
    withFile("p.csv", `prompt,chosen,rejected\n${text}`, (path) => readPreferences(path));
  await assertUserError(
    () => read(`a,b,x\na,"b,x\n${rows}`),
    /p\.csv:3: a quoted field does not end/,
  );
  const { pairs: [pair] } = await read(`a,"${rows.replaceAll("c", '""')}",x\n`);
  assert.equal(pair?.chosen, rows.replaceAll("c", '"'));
  const long = "b".repeat(rows.length);
  assert.equal((await read(`a,${long},x\n`)).pairs[0]?.chosen, long);
});

Deno.test("a damaged archive is an error that names the file", async () => {
  const whole = new Uint8Array(gzipSync(jsonl(...PAIRS)));
  await withFile(
    "p.jsonl.gz",
    whole.subarray(0, whole.length - 12),
    (path) =>
      assertUserError(() => readPreferences(path), "p.jsonl.gz", "Download or compress it again"),
  );
});

Deno.test("a folder of parts is one file in the order of names", async () => {
  await withTempDir(async (dir) => {
    await assertUserError(() => readPreferences(dir), "is a folder without data files");
    await Deno.writeTextFile(join(dir, "part-1.jsonl"), jsonl(PAIRS[1]));
    await Deno.writeTextFile(join(dir, "part-0.jsonl"), jsonl(PAIRS[0]));
    await Deno.writeTextFile(join(dir, "README.md"), "# no data\n");
    const { pairs } = await readPreferences(dir);
    assert.deepEqual(pairs.map(({ id, prompt }) => [id, prompt]), [["0", "a"], ["1", "b"]]);
  });
});

Deno.test("content parts are their text; an image is named", async () => {
  const message = (...content: unknown[]) => [{ role: "assistant", content }];
  const text = (value: string) => ({ type: "text", text: value });
  const prompt = [{ role: "user", content: [text("Q")] }];
  const pair = (chosen: unknown) => jsonl({ prompt, chosen, rejected: message(text("no")) });
  await withFile("p.jsonl", pair(message(text("a"), text("b"))), async (path) => {
    const { pairs } = await readPreferences(path);
    assert.deepEqual(pairs[0]?.chosen, [{ role: "assistant", content: "ab" }]);
  });
  await withFile(
    "p.jsonl",
    pair(message({ type: "image", url: "x" })),
    (path) =>
      assertUserError(() => readPreferences(path), /p\.jsonl:1: .*part 1 is no text but image/),
  );
});

Deno.test("what a chat template itself refuses is told with the record", async () => {
  const refusing = "{{ raise_exception('roles must alternate') }}";
  await withFile("p.jsonl", jsonl(...PAIRS), async (path) => {
    const file = await readPreferences(path);
    await assertUserError(
      () =>
        tokenizePairs(file.pairs, tinyTokenizer(refusing), { maxLength: 64, places: file.places }),
      /p\.jsonl:1: .*roles must alternate/,
    );
  });
});
