/** Records in the published schemas, written by hand from the data sets' cards. */
import assert from "node:assert/strict";
import type { DatasetRow } from "../../lib/datasets/dataset_row.ts";
import { schemaOf } from "../../lib/datasets/schemas.ts";
import { parseTranscript } from "../../lib/datasets/schemas/hh_rlhf.ts";
import { assertUserError } from "../support/errors.ts";

const user = (content: string) => ({ role: "user", content });
const assistant = (content: string) => ({ role: "assistant", content });

/** What a record is read as, and by which schema. */
function read(fields: Record<string, unknown>): { schema: string; row: DatasetRow } {
  const schema = schemaOf("auto", "d.jsonl:1", fields);
  return { schema: schema.name, row: schema.read("d.jsonl:1", fields) };
}

const ULTRAFEEDBACK = {
  ...{ prompt: "Why?", prompt_id: "ab12", messages: [user("Why?"), assistant("Because.")] },
  ...{ chosen: [user("Why?"), assistant("Because.")], rejected: [user("Why?"), assistant("No.")] },
  ...{ score_chosen: 8.5, score_rejected: 6 },
};

Deno.test("UltraFeedback Binarized: the conversations' prompt, and the gap of the scores", () => {
  assert.deepEqual(read(ULTRAFEEDBACK), {
    schema: "ultrafeedback",
    row: {
      ...{ kind: "pair", prompt: [user("Why?")] },
      ...{ chosen: [assistant("Because.")], rejected: [assistant("No.")], gap: 2.5 },
    },
  });
  const empty = { ...ULTRAFEEDBACK, rejected: [user("Why?"), assistant(" ")] };
  assert.deepEqual(read(empty).row, { kind: "dropped", reason: "an empty response" });
  const cut = { ...ULTRAFEEDBACK, chosen: [user("Why?"), user("Well?")] };
  assert.equal(
    (read(cut).row as { reason: string }).reason,
    "the last turn is not the assistant's",
  );
});

Deno.test("UltraFeedback in TRL's explicit form: the prompt's messages as they are, and the gap", () => {
  const prompt = [{ role: "system", content: "Be brief." }, user("Why?")];
  const answers = { chosen: [assistant("Because.")], rejected: [assistant("No.")] };
  const scores = { score_chosen: 8.5, score_rejected: 6 };
  assert.deepEqual(read({ prompt, ...answers, ...scores }).row, {
    ...{ kind: "pair", prompt, ...answers, gap: 2.5 },
  });
});

Deno.test("UltraFeedback: a score that is no number is named", async () => {
  // The last one: an integer of Parquet that no number holds.
  for (
    const [score, shown] of [["8 points", '"8 points"'], ["", '""'], [NaN, "number NaN"], [
      `${2 ** 60}`,
      `"${2 ** 60}"`,
    ]]
  ) {
    await assertUserError(
      () => read({ ...ULTRAFEEDBACK, score_chosen: score }),
      `d.jsonl:1: "score_chosen" is ${shown}, not a finite number`,
    );
  }
});

Deno.test("HH-RLHF: transcripts become turns, the last answers the pair", () => {
  const start = "\n\nHuman: Hi\nthere\n\nAssistant: Hello.\n\nHuman: Where?\n\nAssistant:";
  const { schema, row } = read({ chosen: `${start} Here.`, rejected: `${start} Go away. ` });
  assert.equal(schema, "hh-rlhf");
  assert.deepEqual(row, {
    kind: "pair",
    prompt: [user("Hi\nthere"), assistant("Hello."), user("Where?")],
    chosen: [assistant("Here.")],
    rejected: [assistant("Go away.")],
  });
});

Deno.test("HH-RLHF: what is no pair is left out for a reason that can be counted", () => {
  const pair = "\n\nHuman: a\n\nAssistant: b";
  const reasons: [string, string][] = [
    [`${pair}\n\nHuman: c`, "the last turn is not the assistant's"],
    ["\n\nHuman: a\n\nAssistant: ", "an empty response"],
    ["\n\nAssistant: a\n\nHuman: c\n\nAssistant: b", "the first turn is not the human's"],
    ["\n\nHuman: a\n\nHuman: c\n\nAssistant: b", "two turns in a row of one speaker"],
    ["\n\nHuman: other\n\nAssistant: b", "the transcripts part before the last answer"],
  ];
  for (const [rejected, reason] of reasons) {
    assert.deepEqual(read({ chosen: pair, rejected }).row, { kind: "dropped", reason });
  }
  // Some copies are stripped.
  assert.deepEqual(read({ chosen: pair.trim(), rejected: "Human: a\n\nAssistant: c" }), {
    schema: "hh-rlhf",
    row: {
      ...{ kind: "pair", prompt: [user("a")], chosen: [assistant("b")] },
      rejected: [assistant("c")],
    },
  });
  assert.equal(parseTranscript("no turns"), undefined);
  assert.equal(parseTranscript("before\n\nHuman: a"), undefined);
});

Deno.test("TL;DR comparisons: TRL's prompt, the choice first", () => {
  const info = { id: "t3_1", post: "It rained.\n\nA lot.", title: "Rain", subreddit: "weather" };
  const summaries = [{ text: "Wet. ", policy: "ref" }, {
    text: " It rained all day.",
    policy: "sup",
  }];
  const { schema, row } = read({ info, summaries, choice: 1, worker: "w" });
  assert.equal(schema, "tldr");
  assert.deepEqual(row, {
    kind: "pair",
    prompt: "SUBREDDIT: r/weather\n\nTITLE: Rain\n\nPOST: It rained.\nA lot.\n\nTL;DR:",
    chosen: " It rained all day.",
    rejected: " Wet.",
  });
  const article = { info: { article: "News", post: null }, summaries, choice: 0 };
  assert.deepEqual(read(article).row, { kind: "dropped", reason: "a news article, not a post" });
  assert.equal((read({ info, summaries, choice: 0 }).row as { chosen: string }).chosen, " Wet.");
});

Deno.test("TL;DR comparisons: a choice that is neither is named", () =>
  assertUserError(
    () => read({ info: { post: "p" }, summaries: [{ text: "a" }], choice: 0 }),
    'two "summaries"',
  ));

Deno.test("UltraChat and Capybara: the last answer of the conversation", () => {
  const messages = [user("a"), assistant("b"), user("c"), assistant("d")];
  assert.deepEqual(read({ prompt: "a", prompt_id: "x", messages }), {
    schema: "messages",
    row: {
      ...{ kind: "demonstration", conversation: true },
      ...{ prompt: messages.slice(0, 3), completion: [assistant("d")] },
    },
  });
  assert.equal(read({ messages: [user("a")] }).row.kind, "dropped");
});

Deno.test("TRL's forms: pairs of texts or messages, completions, texts", () => {
  const texts = { prompt: "The sky is", chosen: " blue.", rejected: " green." };
  assert.deepEqual(read(texts), { schema: "trl", row: { kind: "pair", ...texts } });
  const implicit = { chosen: [user("a"), assistant("b")], rejected: [user("a"), assistant("c")] };
  assert.deepEqual(read(implicit).row, {
    ...{ kind: "pair", prompt: [user("a")], chosen: [assistant("b")] },
    rejected: [assistant("c")],
  });
  const completion = { prompt: "1 +", completion: " 1" };
  assert.deepEqual(read(completion).row, { kind: "demonstration", ...completion });
  assert.deepEqual(read({ text: "All of it." }).row, {
    ...{ kind: "demonstration", prompt: "", completion: "All of it." },
  });
});

Deno.test("TRL's forms: an empty response leaves its record out, in every form and file type", async () => {
  const empty = { kind: "dropped", reason: "an empty response" };
  const texts = { prompt: "p", chosen: "a", rejected: "b" };
  const talk = (content: string) => [user("p"), assistant(content)];
  const whole = schemaOf("auto", "d.jsonl:1", texts);
  for (
    const fields of [
      ...[{ ...texts, chosen: "" }, { ...texts, rejected: " \n" }, { ...texts, rejected: null }],
      ...[{ chosen: talk("a"), rejected: talk("") }, { chosen: talk(""), rejected: talk("b") }],
      { prompt: [user("p")], chosen: [assistant("a")], rejected: [] },
      { prompt: [user("p")], chosen: [assistant("")], rejected: [assistant("b")] },
      ...[{ prompt: "p", completion: "" }, { prompt: [user("p")], completion: [assistant("")] }],
      { text: "" },
    ]
  ) assert.deepEqual(whole.read("d.jsonl:2", fields), empty, JSON.stringify(fields));
  // Some leave out what is empty.
  for (
    const fields of [{ prompt: "p", chosen: "a" }, { prompt: "p", rejected: "b" }, { prompt: "p" }]
  ) {
    const { kind, reason } = whole.read("d.jsonl:2", fields) as { kind: string; reason: string };
    assert.deepEqual([kind, reason], ["dropped", "a missing response"], JSON.stringify(fields));
  }
  await assertUserError(
    () => whole.read("d.jsonl:2", { ...texts, chosen: 5 }),
    "d.jsonl:2",
    "chosen",
  );
  await assertUserError(
    () => whole.read("d.jsonl:2", { question: "q" }),
    'field "text" is missing',
  );
});

Deno.test("what trl-lib's sets hold, field by field", async () => {
  const scored = { chosen: [user("a"), assistant("b")], rejected: [user("a"), assistant("c")] };
  const kinds = (fields: Record<string, unknown>) => {
    const { schema, row } = read(fields);
    return [schema, row.kind];
  };
  // ultrafeedback_binarized, hh-rlhf-helpful-base, tldr-preference, Capybara, tldr.
  const ranked = { ...scored, score_chosen: 8, score_rejected: 5 };
  assert.deepEqual(kinds(ranked), ["ultrafeedback", "pair"]);
  const explicit = { prompt: [user("a")], chosen: [assistant("b")], rejected: [assistant("c")] };
  assert.deepEqual(kinds(explicit), ["trl", "pair"]);
  assert.deepEqual(kinds({ prompt: "p TL;DR:", chosen: " a", rejected: " b" }), ["trl", "pair"]);
  const capybara = { source: "Airoboros", messages: [user("a"), assistant("b")], num_turns: 1 };
  assert.deepEqual(kinds(capybara), ["messages", "demonstration"]);
  assert.deepEqual(kinds({ prompt: "p TL;DR:", completion: " a" }), ["trl", "demonstration"]);
  // kto-mix-14k, prm800k, ultrafeedback-prompt: no pairs and nothing to imitate.
  const unpaired = { prompt: [user("a")], completion: [assistant("b")], label: false };
  await assertUserError(() => read(unpaired), "d.jsonl:1", "unpaired");
  const stepwise = { prompt: "p", completions: ["a", "b"], labels: [true, false] };
  await assertUserError(() => read(stepwise), "prompt, completions, labels fits no known schema");
  await assertUserError(() => read({ prompt: [user("a")] }), "a record with prompt fits no known");
});

Deno.test("an unpaired preference and unknown fields are refused with what there is", async () => {
  await assertUserError(() => read({ prompt: "a", completion: "b", label: true }), "unpaired");
  await assertUserError(() => read({ question: "a" }), "question", "ultrafeedback", "hh-rlhf");
});
