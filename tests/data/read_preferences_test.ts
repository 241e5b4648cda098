import assert from "node:assert/strict";
import { UserError } from "../../lib/errors.ts";
import { readPreferences } from "../../lib/data/read_preferences.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { jsonl, withFile } from "./temporary_file.ts";

const PAIR = { prompt: "Say hi.", chosen: "Hi!", rejected: "No." };
const USER = { role: "user", content: "Say hi." };
const HI = { role: "assistant", content: "Hi!" };
const NO = { role: "assistant", content: "No." };

/** The error that reading a file of this content ends with; must be one line. */
async function failure(content: string | Uint8Array, name = "pairs.jsonl"): Promise<string> {
  return await withFile(name, content, async (path) => {
    try {
      await readPreferences(path);
    } catch (error) {
      assert.ok(error instanceof UserError, `${error}`);
      assert.ok(!error.message.includes("\n"), error.message);
      assert.ok(error.message.startsWith(path), error.message);
      return error.message.slice(path.length);
    }
    assert.fail("no error");
  });
}

Deno.test("standard pairs with explicit prompts", async () => {
  await withFile(
    "pairs.jsonl",
    jsonl(PAIR, { ...PAIR, chosen: "Hello!", extra: 1 }),
    async (path) => {
      const file = await readPreferences(path);
      assert.deepEqual(file.pairs, [
        { id: "0", ...PAIR },
        { id: "1", prompt: "Say hi.", chosen: "Hello!", rejected: "No." },
      ]);
      assert.equal(file.kind, "jsonl");
      assert.deepEqual(file.formats, [{ style: "standard", prompt: "explicit" }]);
      assert.deepEqual(file.columns, [
        { name: "prompt", records: 2, used: true },
        { name: "chosen", records: 2, used: true },
        { name: "rejected", records: 2, used: true },
        { name: "extra", records: 1, used: false },
      ]);
      assert.match(file.fingerprint, /^[0-9a-f]{64}$/);
    },
  );
});

Deno.test("conversations with an explicit, an implicit and a copied text prompt are one pair", async () => {
  const explicit = { prompt: [USER], chosen: [HI], rejected: [NO] };
  const implicit = { chosen: [USER, HI], rejected: [USER, NO] };
  const copied = { prompt: "Say hi.", ...implicit };
  for (
    const [record, prompt] of [
      [explicit, "explicit"],
      [implicit, "implicit"],
      [copied, "implicit"],
    ] as const
  ) {
    await withFile("pairs.json", JSON.stringify([record]), async (path) => {
      const { pairs, formats } = await readPreferences(path);
      assert.deepEqual(pairs, [{ id: "0", ...explicit }]);
      assert.deepEqual(formats, [{ style: "conversational", prompt }]);
    });
  }
});

Deno.test("other keys of a message are dropped", async () => {
  const talk = { chosen: [USER, { ...HI, weight: 1 }], rejected: [{ ...USER, name: null }, NO] };
  await withFile("pairs.jsonl", jsonl(talk), async (path) => {
    const { pairs } = await readPreferences(path);
    assert.deepEqual(pairs, [{ id: "0", prompt: [USER], chosen: [HI], rejected: [NO] }]);
  });
});

Deno.test("conversations with tools, reasoning or options of the template are refused: without them they say something else", async () => {
  const calls = [{ type: "function", function: { name: "search", arguments: {} } }];
  const talk = { chosen: [USER, HI], rejected: [USER, NO] };
  for (
    const [record, message] of [
      [
        { ...talk, chosen: [USER, { ...HI, tool_calls: calls }] },
        /:2: field "chosen", message 2: its "tool_calls" would be left out .*: write that into/,
      ],
      // What a model calls, it calls instead of saying something.
      [
        { prompt: [USER], chosen: [HI], rejected: [{ role: "assistant", tool_calls: calls }] },
        /:2: field "rejected", message 1: its "tool_calls"/,
      ],
      [
        { ...talk, chosen: [USER, { ...HI, reasoning_content: "They greet." }] },
        /:2: field "chosen", message 2: its "reasoning_content" would be left out/,
      ],
      [
        { prompt: [USER], chosen: [{ ...HI, thinking: "They greet." }], rejected: [NO] },
        /:2: field "chosen", message 1: its "thinking" would be left out/,
      ],
      [{ ...talk, tools: calls }, /:2: field "tools": the tools would .* as `data` does$/],
      [{ ...talk, tools: JSON.stringify(calls) }, /:2: field "tools"/],
      [
        { ...talk, chat_template_kwargs: { enable_thinking: false } },
        /:2: field "chat_template_kwargs": its options would .*: remove the field if .* does$/,
      ],
      [{ ...talk, chat_template_kwargs: { a: null, b: { c: 0 } } }, /:2: field "chat_template_/],
    ] as const
  ) {
    await withFile("pairs.jsonl", jsonl(talk, record), async (path) => {
      await assert.rejects(readPreferences(path), { name: "UserError", message });
    });
  }
  // Parquet gives every message and record the fields that any has; TRL's texts have no tools.
  const empty = { ...talk, chosen: [USER, { ...HI, tool_calls: null }], tools: "[]" };
  const thoughtless = { ...HI, reasoning_content: "", thinking: false };
  const others = [
    { ...talk, tools: [], chat_template_kwargs: {} },
    { ...talk, tools: null, chat_template_kwargs: { enable_thinking: null, more: { a: null } } },
    { ...PAIR, tools: calls },
    { ...talk, chosen: [{ ...USER, reasoning_content: null }, thoughtless] },
  ];
  await withFile("pairs.jsonl", jsonl(empty, ...others), async (path) => {
    assert.equal((await readPreferences(path)).pairs.length, 5);
  });
});

Deno.test("JSONL, a JSON array, an array without a telling name and a BOM with CRLF read the same", async () => {
  const records = [PAIR, { id: "x", chosen: "The sky is blue", rejected: "The sky is green" }];
  const lines = jsonl(...records);
  const array = JSON.stringify(records, null, 2);
  const windows = "\uFEFF" + lines.replaceAll("\n", "\r\n\r\n").trimEnd();
  const prints = new Set<string>();
  for (
    const [name, content] of [
      ["a.jsonl", lines],
      ["b.json", array],
      ["c", array],
      ["d.data", lines],
      ["e.json", lines],
      ["f.jsonl", windows],
      ["g.json", "\uFEFF" + array],
      ["h.ndjson", "\n \n" + lines],
    ] as const
  ) {
    await withFile(name, content, async (path) => {
      const file = await readPreferences(path);
      assert.deepEqual(file.pairs.map(({ id, prompt }) => [id, prompt]), [
        ["0", "Say hi."],
        ["x", "The sky is"],
      ]);
      prints.add(file.fingerprint);
    });
  }
  assert.equal(prints.size, 1);
});

Deno.test("chosen = rejected is skipped and counted with its line", async () => {
  const same = { prompt: "p", chosen: "a", rejected: "a" };
  const sameTalk = { chosen: [USER, HI], rejected: [USER, HI] };
  await withFile("pairs.jsonl", "\n" + jsonl(same, PAIR, sameTalk), async (path) => {
    const file = await readPreferences(path);
    assert.deepEqual(file.pairs.map(({ id }) => id), ["1"]);
    assert.deepEqual(file.skipped, [
      { line: 2, reason: "chosen = rejected" },
      { line: 4, reason: "chosen = rejected" },
    ]);
  });
  assert.match(await failure(jsonl(same, same)), /^ has no usable pair: .* all 2 records$/);
});

Deno.test("an empty answer, as a policy writes that ends at once, is skipped and counted", async () => {
  const empty = { ...PAIR, chosen: "" };
  const emptyTalk = { chosen: [USER, HI], rejected: [USER, { ...HI, content: "" }] };
  await withFile("pairs.jsonl", jsonl(empty, PAIR, emptyTalk), async (path) => {
    const file = await readPreferences(path);
    assert.deepEqual(file.pairs.map(({ id }) => id), ["1"]);
    assert.deepEqual(file.skipped, [
      { line: 1, reason: "an empty answer" },
      { line: 3, reason: "an empty answer" },
    ]);
  });
});

Deno.test("limit takes the first usable pairs and reads no further", async () => {
  const same = { ...PAIR, rejected: PAIR.chosen };
  const content = jsonl(PAIR, same, PAIR, PAIR) + "not JSON\n";
  await withFile("pairs.jsonl", content, async (path) => {
    const { pairs, skipped } = await readPreferences(path, { limit: 2 });
    assert.deepEqual(pairs.map(({ id }) => id), ["0", "2"]);
    assert.equal(skipped.length, 1);
    await assert.rejects(readPreferences(path), /pairs\.jsonl:5: not valid JSON/);
    await assert.rejects(readPreferences(path, { limit: 0 }), /limit must be .* got 0/);
    await assert.rejects(readPreferences(path, { limit: 1.5 }), /limit must be .* got 1.5/);
  });
});

Deno.test("the fingerprint changes with every part of a pair and with the order", async () => {
  const other = { ...PAIR, prompt: "p" };
  const files = [
    jsonl(PAIR, other),
    jsonl(other, PAIR),
    jsonl({ ...PAIR, chosen: "Hi" }, other),
    jsonl({ ...PAIR, rejected: "No" }, other),
    jsonl({ ...PAIR, prompt: "Say hi" }, other),
    jsonl({ ...PAIR, id: "a" }, other),
    jsonl({ prompt: [USER], chosen: [HI], rejected: [NO] }, other),
  ];
  const prints = await Promise.all(
    files.map((content) =>
      withFile("p.jsonl", content, async (path) => (await readPreferences(path)).fingerprint)
    ),
  );
  assert.equal(new Set(prints).size, files.length);
});

Deno.test("ids are kept, numbers too, and must be unique", async () => {
  await withFile(
    "p.jsonl",
    jsonl({ ...PAIR, id: 7 }, { ...PAIR, id: "b" }, { ...PAIR, id: null }),
    async (path) => {
      const { pairs } = await readPreferences(path);
      assert.deepEqual(pairs.map(({ id }) => id), ["7", "b", "2"]);
    },
  );
  const twice = await failure(jsonl({ ...PAIR, id: "a" }, PAIR, { ...PAIR, id: "a" }));
  assert.match(twice, /^:3: id "a" was used before, at .*pairs\.jsonl:1; ids must be unique$/);
  assert.match(await failure(jsonl({ ...PAIR, id: "1" }, PAIR)), /^:2: id "1" was used before/);
  assert.match(await failure(jsonl({ ...PAIR, id: [1] })), /"id" must be text or an integer/);
  assert.match(await failure(jsonl({ ...PAIR, id: 1.5 })), /"id" must be .* got number 1.5/);
  assert.match(await failure(jsonl({ ...PAIR, id: "" })), /"id" must be .* got empty text/);
});

Deno.test("a malformed line is named with what the parser said", async () => {
  assert.match(
    await failure(jsonl(PAIR) + '\n{"prompt": "a", chosen}\n'),
    /^:3: not valid JSON: .*position 16/,
  );
  assert.match(await failure('{"prompt": "a"'), /^:1: not valid JSON: /);
  assert.match(await failure(JSON.stringify([PAIR]).slice(0, -4), "a.json"), /^: not valid JSON: /);
  assert.match(await failure('{"prompt": NaN}'), /^:1: not valid JSON: /);
  assert.match(await failure("[".repeat(3_000_000)), /^:1: not valid JSON: /);
});

Deno.test("records that are no objects are named", async () => {
  assert.match(await failure("null\n"), /^:1: expected an object with "prompt".*, got null$/);
  assert.match(await failure("[1]\n"), /got a list$/);
  assert.match(await failure('"text"\n'), /got text$/);
  assert.match(await failure(jsonl(PAIR) + "3\n"), /^:2: .* got number 3$/);
  assert.match(await failure('[{"prompt": "a"}, 4]', "a.json"), /: record 1: field "chosen"/);
  assert.match(await failure("5", "a.json"), /^:1: expected an object .* got number 5$/);
});

Deno.test("missing, empty and mistyped fields are named with line and field", async () => {
  const cases: [unknown, RegExp][] = [
    [{ prompt: "a", rejected: "b" }, /field "chosen" is missing; fields found: prompt, rejected$/],
    [{}, /field "chosen" is missing; fields found: none$/],
    [{ ...PAIR, prompt: "" }, /field "prompt" must be .* got empty text$/],
    [{ ...PAIR, prompt: null }, /field "prompt" must be .* got null$/],
    [{ ...PAIR, chosen: 5 }, /field "chosen" must be .* got number 5$/],
    [{ ...PAIR, chosen: { text: "a" } }, /field "chosen" must be .* got an object$/],
    [{ ...PAIR, chosen: [] }, /field "chosen" must be .* got an empty list$/],
    [{ chosen: [[[null]]], rejected: [NO] }, /"chosen", message 1: expected .* got a list$/],
    [{ chosen: [null], rejected: [NO] }, /"chosen", message 1: expected .* got null$/],
    [
      { chosen: [{ from: "gpt", value: "a" }], rejected: [NO] },
      /"chosen", message 1: "role" is missing; it has: from, value$/,
    ],
    [
      { chosen: [USER, HI], rejected: [USER, { role: "assistant", content: null }] },
      /"rejected", message 2: "content" must be text, got null$/,
    ],
    [
      { chosen: [USER, { role: "assistant", content: [{ type: "text" }] }], rejected: [USER, NO] },
      /"chosen", message 2: "content", part 1 has no text: only text can be used$/,
    ],
    [
      { prompt: [{ role: "user", content: "" }], chosen: [HI], rejected: [NO] },
      /field "prompt" has no message with content$/,
    ],
    [{ prompt: "a", chosen: [USER, HI], rejected: "b" }, /must both be text or both be lists/],
    [{ prompt: [USER], chosen: "a", rejected: "b" }, /write the answers as \[\{"role"/],
    [{ chosen: "Hi", rejected: "No" }, /field "prompt" is missing and .* share no start/],
    [{ chosen: [HI], rejected: [NO] }, /field "prompt" is missing and .* share no start/],
    [{ chosen: [USER], rejected: [USER, NO] }, /field "prompt" is missing and .* share no start/],
  ];
  for (const [record, expected] of cases) {
    const message = await failure(jsonl(PAIR, record));
    assert.match(message, expected);
    assert.match(message, /^:2: /);
  }
});

Deno.test("files that hold no data are named", async () => {
  assert.match(await failure(""), /^ is empty/);
  assert.match(await failure("\n \r\n\t\n"), /^ holds no record$/);
  assert.match(await failure(" \n", "a.data"), /^ holds no record: only blank lines$/);
  assert.match(await failure("[]", "a.json"), /^ holds no record$/);
  assert.match(await failure("prompt,chosen\n", "a.md"), /^ is not a data file that is known/);
  assert.match(await failure("prompt,chosen\n", "a.csv"), /^ holds no record$/);
  assert.match(await failure("hello\n", "a.txt"), /^: preference pairs are read from JSONL/);
  assert.match(
    await failure(new Uint8Array([0x1f, 0x8b, 8, 0]), "a.jsonl.gz"),
    /cannot be read: .*Download or compress it again/,
  );
  await assert.rejects(readPreferences("/nowhere/pairs.jsonl"), {
    name: "UserError",
    message: "/nowhere/pairs.jsonl does not exist: check the path",
  });
  await withFile("a", "", async (path) => {
    const folder = path.slice(0, -2);
    await assert.rejects(readPreferences(folder), {
      message: /is a folder without data files: give a file/,
    });
    await assert.rejects(readPreferences(`${path}/b.jsonl`), UserError);
  });
});

Deno.test("malformed UTF-8 is named with its line", async () => {
  const bytes = new TextEncoder().encode(jsonl(PAIR, PAIR));
  bytes[bytes.length - 5] = 0xff;
  assert.match(await failure(bytes), /^:2: not UTF-8 text/);
  const utf16 = new Uint8Array([0xff, 0xfe, ...new Uint8Array(Uint16Array.of(123, 34).buffer)]);
  assert.match(await failure(utf16), /^:1: not UTF-8 text/);
  const array = new TextEncoder().encode(JSON.stringify([PAIR]));
  array[12] = 0xc3;
  assert.match(await failure(array, "a.json"), /^: not UTF-8 text/);
});

Deno.test("a line of 10 MB is one record, and one without an end is an error", async () => {
  const long = { ...PAIR, chosen: "é".repeat(5_000_000) };
  await withFile("p.jsonl", jsonl(PAIR, long, PAIR), async (path) => {
    const { pairs } = await readPreferences(path);
    assert.equal(pairs[1]?.chosen.length, 5_000_000);
    assert.equal(pairs.length, 3);
  });
  assert.match(await failure("x".repeat(10_000_000)), /^:1: not valid JSON/);
});

Deno.test("lines and characters that straddle read chunks stay whole", async () => {
  const prng = createPrng(1, "chunks");
  const records = Array.from({ length: 400 }, (_, i) => ({
    prompt: `${i}`,
    chosen: "é😀x".repeat(prng.integer(800)) + "a",
    rejected: "b",
  }));
  await withFile("p.jsonl", jsonl(...records), async (path) => {
    const { pairs } = await readPreferences(path);
    assert.deepEqual(pairs, records.map((record, i) => ({ id: `${i}`, ...record })));
  });
});

Deno.test("random damage to a file gives pairs or a one-line error that names the file", async () => {
  const prng = createPrng(2, "damage");
  const sane = new TextEncoder().encode(jsonl(PAIR, { chosen: [USER, HI], rejected: [USER, NO] }));
  let errors = 0;
  for (let i = 0; i < 300; i++) {
    const bytes = sane.slice(
      0,
      prng.integer(2) === 0 ? sane.length : 1 + prng.integer(sane.length),
    );
    for (let n = prng.integer(4); n >= 0; n--) {
      bytes[prng.integer(bytes.length)] = prng.integer(256);
    }
    await withFile("p.jsonl", bytes, async (path) => {
      try {
        await readPreferences(path);
      } catch (error) {
        errors++;
        assert.ok(error instanceof UserError, `${error}`);
        assert.ok(error.message.startsWith(path) && !error.message.includes("\n"), error.message);
      }
    });
  }
  assert.ok(errors > 100);
});
