import assert from "node:assert/strict";
import { markdownText, plainText } from "../lib/plain_text.ts";
import { tableMarkdown } from "../lib/study/table.ts";

Deno.test("text from data cannot steer a terminal, nor turn the direction of what follows", () => {
  assert.equal(plainText("a\x1b[2Jb\r\n\x07c\x9b1md"), "a?[2Jb???c?1md");
  assert.equal(plainText("a\u202etxt.exe\u2066b\u200f\u2028c"), "a?txt.exe?b??c");
  assert.equal(plainText("Grüße, 漢字 é😀\u200d"), "Grüße, 漢字 é😀\u200d");
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
