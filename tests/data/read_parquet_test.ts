import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { readPreferences } from "../../lib/data/read_preferences.ts";
import { withFile } from "./temporary_file.ts";

// Made by pyarrow: tools/parity/preference_formats.py.
const fixture = (name: string) =>
  fileURLToPath(new URL(`./parquet/${name}.parquet`, import.meta.url));

Deno.test("Parquet of every compression, in two row groups, reads the same", async () => {
  const prints = new Set<string>();
  for (const codec of ["none", "snappy", "zstd", "gzip", "brotli", "lz4"]) {
    const file = await readPreferences(fixture(`standard_${codec}`));
    assert.deepEqual(
      file.pairs,
      [0, 1, 2].map((i) => ({
        id: `${i}`,
        prompt: `Frage ${i} é😀`,
        chosen: `gut ${i}`,
        rejected: `bad ${i}`,
      })),
    );
    assert.deepEqual(file.columns.filter(({ used }) => !used), [
      { name: "score", records: 3, used: false },
    ]);
    prints.add(file.fingerprint);
  }
  assert.equal(prints.size, 1);
});

Deno.test("Parquet lists of {role, content} are conversations; integer ids are text", async () => {
  for (const name of ["conversational", "conversational_plain"]) {
    const { pairs, kind, formats } = await readPreferences(fixture(name), { limit: 2 });
    assert.equal(kind, "parquet");
    assert.deepEqual(formats, [{ style: "conversational", prompt: "implicit" }]);
    assert.deepEqual(
      pairs,
      [0, 1].map((i) => ({
        id: `${7 + i}`,
        prompt: [{ role: "user", content: "What color is the sky?" }],
        chosen: [{ role: "assistant", content: `It is blue ${i}.` }],
        rejected: [{ role: "assistant", content: `It is red ${i}.` }],
      })),
    );
  }
});

Deno.test("bad Parquet is a one-line error that names the file", async () => {
  const fails = (name: string) => readPreferences(fixture(name));
  await assert.rejects(fails("no_rows"), { name: "UserError", message: /holds no record$/ });
  await assert.rejects(fails("null_field"), { message: /record 1: field "rejected".* got null$/ });
  await assert.rejects(fails("bad_utf8"), { name: "UserError", message: /not a readable Parquet/ });
  for (const content of ["PAR1", "PAR1PAR1", "hello world, hello", "PAR1\xff\xff\xff\x7fPAR1"]) {
    await withFile("a.parquet", content, async (path) => {
      await assert.rejects(readPreferences(path), {
        name: "UserError",
        message: /a\.parquet: not a readable Parquet file: .*; download or write it again$/,
      });
    });
  }
});
