import assert from "node:assert/strict";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { readPreferences } from "../../lib/data/read_preferences.ts";
import { withFile } from "../data/temporary_file.ts";
import { assertUserError } from "../support/errors.ts";
import { withTempDir } from "../support/temp_dir.ts";

/** One flipped bit of a Parquet file, found by fuzzing. */
const FOUND: readonly [string, number, number, string][] = [
  ["conversational_plain", 6, 2, "runs for ever without the sandbox"],
  ["standard_gzip", 70 >> 3, 1 << (70 & 7), "takes 1.3 GB without the sandbox"],
];

for (const [name, byte, bit, what] of FOUND) {
  Deno.test(`a flipped bit that ${what} is an error after a second of work`, async () => {
    const url = new URL(`../data/parquet/${name}.parquet`, import.meta.url);
    const bytes = await Deno.readFile(fileURLToPath(url));
    bytes[byte]! ^= bit;
    await withFile("a.parquet", bytes, async (path) => {
      await assert.rejects(readPreferences(path), {
        name: "UserError",
        message: /a\.parquet: reading it takes more than the (1 s|\d+ MB) that its \d+ bytes/,
      });
    });
  });
}

Deno.test("a link to a Parquet file is read, as in Hugging Face's cache", async () => {
  const path = fileURLToPath(new URL("../data/parquet/standard_gzip.parquet", import.meta.url));
  await withTempDir(async (dir) => {
    const link = join(dir, "link.parquet");
    Deno.symlinkSync(path, link);
    assert.deepEqual((await readPreferences(link)).pairs, (await readPreferences(path)).pairs);
  });
});

Deno.test("a file with commas in its path is read, through a link that goes with the reading", async () => {
  const file = (name: string) => fileURLToPath(new URL(`../data/parquet/${name}`, import.meta.url));
  const TMPDIR = Deno.env.get("TMPDIR");
  await withTempDir(async (dir) => {
    const [path, links] = [join(dir, "pairs, old,,new", "a,b.parquet"), join(dir, "tmp")];
    for (const folder of [dirname(path), links]) Deno.mkdirSync(folder);
    Deno.copyFileSync(file("standard_gzip.parquet"), path);
    try {
      Deno.env.set("TMPDIR", links);
      const { pairs } = await readPreferences(relative(Deno.cwd(), path));
      assert.deepEqual(pairs, (await readPreferences(file("standard_gzip.parquet"))).pairs);
      Deno.writeTextFileSync(path, "PAR1 no more PAR1");
      await assert.rejects(readPreferences(path), (error: Error) => error.message.startsWith(path));
      assert.deepEqual([...Deno.readDirSync(links)], []);
      Deno.env.set("TMPDIR", dirname(path));
      await assertUserError(() => readPreferences(path), "has a comma in its path", "rename it");
      assert.deepEqual([...Deno.readDirSync(dirname(path))].map(({ name }) => name), [
        basename(path),
      ]);
    } finally {
      if (TMPDIR === undefined) Deno.env.delete("TMPDIR");
      else Deno.env.set("TMPDIR", TMPDIR);
    }
  });
});

Deno.test("the process that reads can do nothing else", async () => {
  const path = fileURLToPath(new URL("./sandbox_prober.ts", import.meta.url));
  const { readInSandbox } = await import("../../lib/files/sandbox.ts");
  const seen: unknown[] = [];
  for await (
    const value of readInSandbox(new URL(import.meta.resolve("./sandbox_prober.ts")), path, 7)
  ) {
    seen.push(value);
  }
  assert.deepEqual(seen, [
    ["request", 7],
    ["own file", true],
    ["other file", false],
    ["write", false],
    ["network", false],
    ["variables", false],
    ["programs", false],
  ]);
});
