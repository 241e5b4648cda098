import assert from "node:assert/strict";
import { escapeHtml, markdownText, plainLines, plainText } from "../lib/plain_text.ts";
import { UserError } from "../lib/errors.ts";
import { projectRoot } from "../lib/engine/layout.ts";
import { tableMarkdown } from "../lib/study/table.ts";
import { sourceFiles } from "./support/module_graph.ts";

Deno.test("text from data cannot steer a terminal, nor turn the direction of what follows", () => {
  assert.equal(plainText("a\x1b[2Jb\r\n\x07c\x9b1md"), "a?[2Jb???c?1md");
  assert.equal(plainText("a\u202etxt.exe\u2066b\u200f\u2028c"), "a?txt.exe?b??c");
  assert.equal(plainText("Grüße, 漢字 é😀\u200d"), "Grüße, 漢字 é😀\u200d");
});

Deno.test("lines stay lines, and what steers stays out of them", () => {
  assert.equal(plainLines("a\x1b[2J\r\n\u202eb\n"), "a?[2J?\n?b\n");
});

Deno.test("an error's message is one line of plain text, whatever names stand in it", () => {
  const { message } = new UserError("fields found: a\n b, c\x1b[2J\u202ed");
  assert.equal(message, "fields found: a b, c?[2J?d");
});

Deno.test("commands print through `print` alone, which lets nothing steer the terminal", () => {
  const raw = [...sourceFiles("experiments/commands")].filter((path) =>
    /console\.(log|info|table)\(|stdout\.write/.test(Deno.readTextFileSync(projectRoot + path))
  );
  assert.deepEqual(raw, []);
});

Deno.test("text from data is inert in HTML", () => {
  const text = escapeHtml(`<img src=x onerror="a('b')">&\u202e\x1b`);
  assert.equal(text, "&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt;&amp;\ufffd\ufffd");
});

Deno.test("text from data is inert in Markdown: no link, image, HTML, table cell or emphasis", () => {
  const hostile =
    "[x](javascript:alert(1)) ![i](http://e/x.png) <img src=x onerror=a> `c` *b* | $x$";
  const text = markdownText(`${hostile}\n# heading \\`);
  assert.ok(!/(^|[^\\])[`*_[\]<>|&~$]/.test(text), text);
  assert.ok(!text.includes("\n"));
  const table = tableMarkdown({ columns: ["<b>"], rows: [[hostile], ["plain-name 1.5"]] });
  assert.equal(table.split("\n").length, 5);
  assert.ok(table.includes("| plain-name 1.5 |") && table.includes("\\<b\\>"), table);
  assert.ok(!/[^\\]<img/.test(table) && !/[^\\]\[x\]/.test(table), table);
});
