/** What `sft` imitates of a data set: which turns, and which tokens the loss counts. */
import assert from "node:assert/strict";
import {
  type DemonstrationOptions,
  type Demonstrations,
  readDemonstrations,
} from "../../lib/datasets/demonstrations.ts";
import { jsonl, withFile } from "../data/temporary_file.ts";
import { tinyTokenizer } from "../data/tiny_tokenizer.ts";
import { assertUserError } from "../support/errors.ts";

const user = (content: string) => ({ role: "user", content });
const assistant = (content: string) => ({ role: "assistant", content });
const tokenizer = tinyTokenizer();

function read(
  records: readonly unknown[],
  changes: Partial<DemonstrationOptions> = {},
): Promise<Demonstrations> {
  return withFile("d.jsonl", jsonl(...records), (path) =>
    readDemonstrations(path, tokenizer, {
      ...{ trainOn: "completion", turns: "every", chatTemplate: "auto", maxLength: 512 },
      ...changes,
    }));
}

/** The texts of each example: what comes first, and what the loss counts. */
const texts = ({ examples }: Demonstrations) =>
  examples.map(({ promptIds, completionIds }) => [
    tokenizer.decode(promptIds),
    tokenizer.decode(completionIds),
  ]);

const CHAT = { messages: [user("a"), assistant("b"), user("c"), assistant("d")] };
const turn = (role: string, content: string) => `<|im_start|>${role}\n${content}<|im_end|>\n`;
const FIRST = `${turn("user", "a")}<|im_start|>assistant\n`;
const SECOND = `${turn("user", "a")}${turn("assistant", "b")}${turn("user", "c")}` +
  "<|im_start|>assistant\n";

Deno.test("completion only: each turn of the assistant to its end, after all that came before", async () => {
  const found = await read([CHAT]);
  assert.deepEqual(texts(found), [[FIRST, "b<|im_end|>"], [SECOND, "d<|im_end|>"]]);
  assert.deepEqual(found.examples.map(({ id }) => id), ["0#1", "0#3"]);
  assert.equal(new Set(found.examples.map(({ prompt }) => prompt)).size, 1, "held out together");
  assert.deepEqual(texts(await read([CHAT], { turns: "last" })), [[SECOND, "d<|im_end|>"]]);
});

Deno.test("a prompt that is given apart is context: its turns are not imitated, as in TRL", async () => {
  const record = { prompt: CHAT.messages.slice(0, 3), completion: CHAT.messages.slice(3) };
  assert.deepEqual(texts(await read([record])), [[SECOND, "d<|im_end|>"]]);
});

Deno.test("all tokens: the whole conversation once, every token but the first", async () => {
  const [[first, rest] = [], ...more] = texts(await read([CHAT], { trainOn: "all" }));
  assert.equal(more.length, 0);
  assert.equal(first, "<|im_start|>");
  assert.equal(first + rest!, `${SECOND}d<|im_end|>`);
});

Deno.test("of pairs the chosen response is imitated, of texts everything", async () => {
  const pair = { prompt: "p", chosen: "good", rejected: "bad" };
  assert.deepEqual(texts(await read([pair])), [
    [`${turn("user", "p")}<|im_start|>assistant\n`, "good<|im_end|>"],
  ]);
  const [[first, rest] = []] = texts(await read([{ text: "All of it." }]));
  assert.equal(first + rest!, "All of it.<|im_end|>");
});

Deno.test("what is too long is cut or left out, and both are counted", async () => {
  const records = [
    { prompt: "p", completion: "x".repeat(60) },
    { prompt: "q".repeat(90), completion: "y" },
    { messages: [user("alone")] },
    { prompt: "r", completion: "z" },
  ];
  const found = await read(records.filter((record) => !("messages" in record)), {
    ...{ chatTemplate: "never", maxLength: 40 },
  });
  assert.equal(found.truncated, 1);
  assert.deepEqual(found.dropped, { "a prompt of 40 tokens or more": 1 });
  assert.deepEqual(found.examples.map(({ id }) => id), ["0", "2"]);
  const [long] = found.examples;
  assert.equal(long!.promptIds.length + long!.completionIds.length, 40);
  const kept = await read([{ prompt: "p", completion: "" }, { prompt: "p", completion: "x" }]);
  assert.deepEqual(kept.dropped, { "an empty response": 1 });
  assert.deepEqual(kept.examples.map(({ id }) => id), ["1"]);
  await assertUserError(
    () => read([{ messages: [user("alone")] }]),
    "nothing to imitate is left of 1 records",
    "1 no turn of the assistant",
  );
});
