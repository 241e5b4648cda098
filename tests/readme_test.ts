/** The README: short, every claim, file and option of it there, its script runs. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readPreferences } from "../lib/data/read_preferences.ts";
import { projectRoot } from "../lib/engine/layout.ts";
import { lossNames } from "../lib/losses/loss_table.ts";
import { blocksOf, readDocument } from "./support/documents.ts";
import { makeTinyModelFolder } from "./support/tiny_model.ts";
import { jsonLines, tinyPairs } from "./support/tiny_pairs.ts";
import { withTempDir } from "./support/temp_dir.ts";

const readme = readDocument("README.md");

Deno.test("the README has at most 1,300 words, code and tables included", () => {
  const words = readme.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  assert.ok(words.length <= 1300, `${words.length} words`);
});

Deno.test("the README's third line says in one sentence why one would want it", () => {
  assert.match(readme.split("\n")[2] ?? "", /^[A-Z].{40,98}\.$/);
});

Deno.test("the README counts the losses that there are", () => {
  assert.equal(
    Number(/another of (\d+) losses/.exec(readme.replaceAll(/\s+/g, " "))?.[1]),
    lossNames.length,
  );
});

Deno.test("the README leads to one's own model before the results", () => {
  const headings = [...readme.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
  assert.deepEqual(headings.slice(0, 3), ["Start", "Your own model and data", "Findings"]);
  const own = readme.slice(readme.indexOf("## Your own"), readme.indexOf("## Findings"));
  assert.ok(own.includes("(docs/report.png)"), "a picture of the report stands there");
});

Deno.test("the report's picture is a small PNG, of a run whose pairs are here", async () => {
  const picture = Deno.readFileSync(join(projectRoot, "docs/report.png"));
  assert.equal(new TextDecoder().decode(picture.subarray(1, 4)), "PNG");
  assert.ok(picture.length < 150_000, `${picture.length} bytes`);
  const size = new DataView(picture.buffer, 16, 8);
  const command = /align --model \.cache[^]*?--data (\S+)[^]*?--window-size=(\d+),(\d+)/
    .exec(readDocument("docs/reference.md"));
  assert.deepEqual([size.getUint32(0), size.getUint32(4)], command?.slice(2, 4).map(Number));
  const { pairs, skipped } = await readPreferences(join(projectRoot, command?.[1] ?? ""));
  assert.deepEqual([pairs.length, skipped.length], [40, 0]);
});

Deno.test("the README's script, run from another folder, does what it says", async () => {
  const [script = "", ...more] = blocksOf(readme, "ts");
  assert.equal(more.length, 0);
  assert.ok(script.trim().split("\n").length <= 20);
  await withTempDir(async (dir) => {
    await makeTinyModelFolder(join(dir, "model"), { seed: 1 });
    Deno.writeTextFileSync(join(dir, "pairs.jsonl"), jsonLines(tinyPairs(40, 1)));
    Deno.writeTextFileSync(join(dir, "script.ts"), script);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--check", "--config", join(projectRoot, "deno.json"), "script.ts"],
      cwd: dir,
      env: { NO_COLOR: "1", SERA_THREADS: "1" },
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assert.equal(code, 0, text(stderr));
    const lines = text(stdout).trimEnd().split("\n");
    const iterations = lines.filter((line) => /^\d/.test(line)).map((line) => line.split(" "));
    assert.deepEqual(iterations.map(([t]) => t), ["1", "2"]);
    // 36 training pairs, 7 of them flipped; iteration 1 keeps all of them, iteration 2 25.
    assert.equal(Number(iterations[0]?.[2]), 7 / 36);
    const kept = 25 * Number(iterations[1]?.[2]);
    assert.ok(Math.abs(kept - Math.round(kept)) < 1e-9);
    const margins = lines.filter((line) => line.startsWith("│") && !line.includes("margin"))
      .map((line) => Number(line.split("│")[4]));
    assert.equal(margins.length, 10);
    assert.deepEqual(margins, margins.toSorted((a, b) => a - b));
  });
});

Deno.test("every file and heading that the documents link to is there", () => {
  const missing = ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/reference.md"]
    .flatMap((path) =>
      [...readDocument(path).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([\w-]+))?\)/g)]
        .filter(([, target = "", heading]) => {
          const place = target === "" ? path : join(path, "..", target);
          return !existsSync(projectRoot + place) ||
            heading !== undefined && !headingsOf(readDocument(place)).includes(heading);
        }).map(([link]) => `${path}: ${link}`)
    );
  assert.deepEqual(missing, []);
});

/** The names by which a document's headings are linked to. */
function headingsOf(document: string): string[] {
  return [...document.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading.toLowerCase().replaceAll(/[^\w\s-]/g, "").replaceAll(" ", "-")
  );
}
