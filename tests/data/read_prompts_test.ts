import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { readPrompts } from "../../lib/data/read_prompts.ts";
import { jsonl, withFile } from "./temporary_file.ts";

const TALK = [{ role: "user", content: "Hi" }];

Deno.test("prompts come from records of any further fields, or from lines of text", async () => {
  await withFile(
    "p.jsonl",
    jsonl({ prompt: "a", chosen: 1 }, { id: "x", prompt: TALK }),
    async (path) => {
      const { prompts } = await readPrompts(path);
      assert.deepEqual(prompts, [{ id: "0", prompt: "a" }, { id: "x", prompt: TALK }]);
    },
  );
  await withFile("p.txt", "\uFEFFa\r\n\r\n  b \n{c}", async (path) => {
    const { prompts } = await readPrompts(path);
    assert.deepEqual(prompts.map(({ prompt }) => prompt), ["a", "  b ", "{c}"]);
    assert.deepEqual((await readPrompts(path, { limit: 2 })).prompts, prompts.slice(0, 2));
  });
  const parquet = fileURLToPath(new URL("./parquet/standard_zstd.parquet", import.meta.url));
  assert.deepEqual((await readPrompts(parquet, { limit: 1 })).prompts, [
    { id: "0", prompt: "Frage 0 é😀" },
  ]);
});

Deno.test("the fingerprint follows prompts and ids", async () => {
  const prints = await Promise.all(
    [jsonl({ prompt: "a" }), jsonl({ prompt: "b" }), jsonl({ prompt: "a", id: "b" })].map((
      content,
    ) => withFile("p.jsonl", content, async (path) => (await readPrompts(path)).fingerprint)),
  );
  assert.equal(new Set(prints).size, 3);
});

Deno.test("what is no prompt is named", async () => {
  for (
    const [name, content, message] of [
      ["p.jsonl", jsonl({ prompt: "a" }, { text: "b" }), /:2: field "prompt" is missing; .* text$/],
      ["p.jsonl", jsonl({ prompt: "" }), /:1: field "prompt" must be .* empty text$/],
      ["p.jsonl", '"a"\n', /:1: expected an object with "prompt", got text$/],
      ["p.jsonl", jsonl({ prompt: "a", id: 1 }, { prompt: "b", id: 1 }), /:2: id "1" was used/],
      [
        "p.jsonl",
        jsonl({ prompt: [{ role: "user", content: "a" }], tools: [{ type: "function" }] }),
        /:1: field "tools": the tools would be left out of the conversation: /,
      ],
      ["p.txt", "\n \n", /p\.txt holds no prompt$/],
      ["p.txt", "", /p\.txt is empty/],
    ] as const
  ) {
    await withFile(name, content, async (path) => {
      await assert.rejects(readPrompts(path), { name: "UserError", message });
    });
  }
});
