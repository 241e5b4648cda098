import assert from "node:assert/strict";
import { join } from "node:path";
import { readAnswers } from "../../lib/judges/read_answers.ts";
import { readEvaluationSet } from "../../lib/judges/read_evaluation_set.ts";
import { readGamed } from "../../lib/judges/read_gamed.ts";
import { assertUserError } from "../support/errors.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { jsonLines } from "../support/tiny_pairs.ts";

/** Each published schema, with the answers in the form that its authors publish. */
const SETS = {
  "AlpacaEval": {
    set: JSON.stringify([
      { instruction: "Name a prime.", output: "2", generator: "gpt4", dataset: "selfinstruct" },
      { instruction: "Greet me.", output: "Hi", generator: "gpt4", dataset: "koala" },
    ]),
    answers: JSON.stringify([
      { instruction: "Greet me.", output: "Hello!", generator: "ours", datasplit: "eval" },
      { instruction: "Name a prime.", output: "7", generator: "ours", datasplit: "eval" },
    ]),
    ids: ["0", "1"],
    groups: ["selfinstruct", "koala"],
    references: ["2", "Hi"],
  },
  "Vicuna": {
    set: jsonLines([
      { question_id: 11, text: "Name a prime.", category: "math" },
      { question_id: 12, text: "Greet me.", category: "roleplay" },
    ]),
    answers: jsonLines([
      { question_id: 12, text: "Hello!", answer_id: "x", model_id: "ours", metadata: {} },
      { question_id: 11, answer_id: "y", model_id: "ours", choices: [{ index: 0, turns: ["7"] }] },
    ]),
    ids: ["11", "12"],
    groups: ["math", "roleplay"],
    references: [null, null],
  },
  "Evol-Instruct": {
    set: jsonLines([
      { idx: 1, Skill: "Math", Difficulty: 1, Instruction: "Name a prime." },
      { idx: 2, Skill: "Writting", Difficulty: 3, Instruction: "Greet me." },
    ]),
    answers: jsonLines([{ idx: 1, response: "7" }, { idx: 2, response: "Hello!" }]),
    ids: ["1", "2"],
    groups: ["Math", "Writting"],
    references: [null, null],
  },
  "prompts": {
    set: jsonLines([
      { id: "a", prompt: "Name a prime." },
      { id: "b", prompt: [{ role: "user", content: "Greet me." }] },
    ]),
    answers: jsonLines([
      { id: "a", prompt: "Name a prime.", response: "7", response_index: 0, tokens: 2 },
      { id: "b", prompt: [{ role: "user", content: "Greet me." }], response: "Hello!", tokens: 3 },
    ]),
    ids: ["a", "b"],
    groups: [null, null],
    references: [null, null],
  },
} as const;

async function withFiles(
  files: Readonly<Record<string, string>>,
  use: (path: (name: string) => string) => Promise<void>,
): Promise<void> {
  await withTempDir(async (dir) => {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(join(dir, name), text);
    }
    await use((name) => join(dir, name));
  });
}

for (const [schema, { set, answers, ids, groups, references }] of Object.entries(SETS)) {
  Deno.test(`${schema}: instructions and published answers, matched whatever their order`, async () => {
    await withFiles({ "set.json": set, "answers.json": answers }, async (path) => {
      const read = await readEvaluationSet(path("set.json"), undefined);
      assert.equal(read.schema, schema);
      assert.deepEqual(read.prompts.map(({ instruction }) => instruction), [
        "Name a prime.",
        "Greet me.",
      ]);
      assert.deepEqual(read.prompts.map(({ id }) => id), ids);
      assert.deepEqual(read.prompts.map(({ group }) => group), groups);
      assert.deepEqual(read.prompts.map(({ reference }) => reference), references);
      assert.deepEqual(await readAnswers(path("answers.json"), read), ["7", "Hello!"]);
      const first = await readEvaluationSet(path("set.json"), 1);
      assert.deepEqual(await readAnswers(path("answers.json"), first), ["7"]);
    });
  });
}

Deno.test("wrong sets and answers are named with what to do", async () => {
  const files = {
    "mt.jsonl": jsonLines([{ question_id: 81, category: "writing", turns: ["a", "b"] }]),
    "other.jsonl": jsonLines([{ query: "a" }]),
    "empty.jsonl": jsonLines([{ instruction: "" }]),
    "twice.jsonl": jsonLines([{ question_id: 1, text: "a" }, { question_id: 1, text: "b" }]),
    "dialogue.jsonl": jsonLines([{
      prompt: [{ role: "user", content: "a" }, { role: "assistant", content: "b" }],
    }]),
    ...Object.fromEntries(["instruction", "text", "Instruction"].map((field) => [
      `${field}.jsonl`,
      jsonLines([{ [field]: [{ role: "user", content: "a" }], tools: [{ type: "function" }] }]),
    ])),
    "set.jsonl": jsonLines([{ instruction: "a" }, { instruction: "b" }]),
    "half.jsonl": jsonLines([{ instruction: "a", output: "x" }]),
    "double.jsonl": jsonLines([
      { instruction: "a", output: "x" },
      { instruction: "a", output: "y" },
    ]),
    "without.jsonl": jsonLines([{ instruction: "a", score: 3 }]),
  };
  await withFiles(files, async (path) => {
    const read = (name: string) => readEvaluationSet(path(name), undefined);
    await assertUserError(() => read("mt.jsonl"), "mt.jsonl:1", "MT-bench", "several turns");
    await assertUserError(() => read("other.jsonl"), "no known schema", "fields found: query");
    await assertUserError(() => read("empty.jsonl"), "empty.jsonl:1", "instruction");
    await assertUserError(() => read("twice.jsonl"), "twice.jsonl:2", "question_id 1");
    await assertUserError(() => read("dialogue.jsonl"), "is a conversation");
    for (const field of ["instruction", "text", "Instruction"]) {
      await assertUserError(() => read(`${field}.jsonl`), `${field}.jsonl:1: field "tools"`);
    }
    const set = await read("set.jsonl");
    const answers = (name: string) => readAnswers(path(name), set);
    await assertUserError(() => answers("half.jsonl"), 'instruction 1 ("b")', "1 of 2");
    await assertUserError(() => answers("double.jsonl"), "double.jsonl:2", "second answer");
    await assertUserError(() => answers("without.jsonl"), "has no answer", "instruction, score");
  });
});

Deno.test("an answer without an id belongs to its place, whatever the instructions' ids", async () => {
  const outputs = ["w", "x", "y", "z"];
  const files = {
    "evol.jsonl": jsonLines(
      outputs.map((_, i) => ({ idx: i + 1, Skill: "Math", Instruction: `Question ${i}` })),
    ),
    "vicuna.jsonl": jsonLines(
      [0, 2, 3, 1].map((id) => ({ question_id: id, category: "x", text: `Question ${id}` })),
    ),
    "plain.jsonl": jsonLines(outputs.map((_, i) => ({ instruction: `Question ${i}` }))),
    "bare.jsonl": jsonLines(outputs.map((output) => ({ output }))),
    "null.jsonl": jsonLines(outputs.map((output) => ({ id: null, output }))),
    "from-1.jsonl": jsonLines(outputs.map((output, i) => ({ id: i + 1, output }))),
  };
  await withFiles(files, async (path) => {
    for (const set of ["evol.jsonl", "vicuna.jsonl", "plain.jsonl"]) {
      for (const limit of [3, undefined]) {
        const read = await readEvaluationSet(path(set), limit);
        assert.equal(read.whole, limit === undefined);
        for (const answers of ["bare.jsonl", "null.jsonl"]) {
          assert.deepEqual(await readAnswers(path(answers), read), outputs.slice(0, limit));
        }
      }
    }
    const evol = await readEvaluationSet(path("evol.jsonl"), undefined);
    assert.deepEqual(await readAnswers(path("from-1.jsonl"), evol), outputs);
    const plain = await readEvaluationSet(path("plain.jsonl"), undefined);
    await assertUserError(
      () => readAnswers(path("from-1.jsonl"), plain),
      "no answer to instruction 0",
      "ids (4) that are not among those of the instructions (0, 1, 2, ...)",
    );
  });
});

Deno.test("instructions with the same text get an answer each, by id or in order", async () => {
  const files = {
    "set.jsonl": jsonLines(["same", "other", "same"].map((instruction) => ({ instruction }))),
    "ids.jsonl": jsonLines([
      { id: 2, prompt: "same", response: "last" },
      { id: 0, prompt: "same", response: "first" },
      { id: 1, prompt: "other", response: "middle" },
    ]),
    "order.jsonl": jsonLines([
      { instruction: "other", output: "middle" },
      { instruction: "same", output: "first" },
      { instruction: "same", output: "last" },
    ]),
    "third.jsonl": jsonLines(["a", "b", "c", "d"].map((output, i) => ({
      ...{ instruction: i === 1 ? "other" : "same", output },
    }))),
    "twice.jsonl": jsonLines([
      { id: 0, prompt: "same", response: "a", response_index: 0 },
      { id: 0, prompt: "same", response: "b", response_index: 1 },
    ]),
  };
  await withFiles(files, async (path) => {
    const set = await readEvaluationSet(path("set.jsonl"), undefined);
    for (const name of ["ids.jsonl", "order.jsonl"]) {
      assert.deepEqual(await readAnswers(path(name), set), ["first", "middle", "last"], name);
    }
    await assertUserError(() => readAnswers(path("third.jsonl"), set), "third.jsonl:4", "second");
    await assertUserError(() => readAnswers(path("twice.jsonl"), set), "twice.jsonl:2", "second");
    // A limit cuts off the second: its answer is none of the first.
    const two = await readEvaluationSet(path("set.jsonl"), 2);
    assert.deepEqual(await readAnswers(path("third.jsonl"), two), ["a", "b"]);
    assert.deepEqual(await readAnswers(path("ids.jsonl"), two), ["first", "middle"]);
    await assertUserError(() => readAnswers(path("twice.jsonl"), two), "twice.jsonl:2", "second");
  });
});

Deno.test("of a CSV, an empty answer is one, and a column that nobody filled names no instruction", async () => {
  const files = {
    "set.csv": "id,text,prompt\na,,Name a prime.\nb,,Greet me.\n",
    "answers.csv": "id,prompt,response\nb,,Hello!\na,,\n",
    "wide.csv": "id,instruction,output,response\nb,,,Hello!\na,,,2\n",
  };
  await withFiles(files, async (path) => {
    const set = await readEvaluationSet(path("set.csv"), undefined);
    assert.equal(set.schema, "prompts");
    assert.deepEqual(await readAnswers(path("answers.csv"), set), ["", "Hello!"]);
    assert.deepEqual(await readAnswers(path("wide.csv"), set), ["2", "Hello!"]);
  });
});

Deno.test("a text beside a prompt is a column of one's own, unless the record has Vicuna's id", async () => {
  const files = {
    "own.jsonl": jsonLines([{ id: "a", text: "a source", prompt: "Name a prime." }]),
    "vicuna.jsonl": jsonLines([{ question_id: 1, text: "Name a prime.", prompt: "[[q]]" }]),
  };
  await withFiles(files, async (path) => {
    for (const [name, schema] of [["own.jsonl", "prompts"], ["vicuna.jsonl", "Vicuna"]] as const) {
      const set = await readEvaluationSet(path(name), undefined);
      assert.deepEqual([set.schema, set.prompts[0]?.instruction], [schema, "Name a prime."]);
    }
  });
});

Deno.test("a list of one turn is Vicuna's question, as FastChat writes it", async () => {
  const question = (id: number, ...turns: string[]) => ({
    ...{ question_id: id, category: "generic", turns },
  });
  const files = {
    "question.jsonl": jsonLines([question(1, "Name a prime."), question(2, "Greet me.")]),
    "later.jsonl": jsonLines([question(1, "Name a prime."), question(2, "Greet me.", "Again.")]),
  };
  await withFiles(files, async (path) => {
    const { schema, prompts } = await readEvaluationSet(path("question.jsonl"), undefined);
    assert.equal(schema, "Vicuna");
    assert.deepEqual(prompts.map(({ id, instruction, group }) => [id, instruction, group]), [
      ["1", "Name a prime.", "generic"],
      ["2", "Greet me.", "generic"],
    ]);
    await assertUserError(
      () => readEvaluationSet(path("later.jsonl"), undefined),
      "later.jsonl:2",
      "several turns",
    );
  });
});

Deno.test("df_gamed.csv is read as AlpacaEval writes it", async () => {
  const csv = "index,preference,std_delta_len,instruction_difficulty,not_gamed_baseline,model\n" +
    "0,0.2,1.5,-0.3,False,concise\n1,,0.5,0.1,False,concise\n0,0.9,-1.2,-0.3,False,verbose\n";
  const files = {
    ...{ "df_gamed.csv": csv, "bad.csv": csv.replace("1.5", "long") },
    "set.jsonl": jsonLines([{ instruction: "a" }, { instruction: "b" }]),
    "three.jsonl": jsonLines([{ instruction: "a" }, { instruction: "b" }, { instruction: "c" }]),
    "own.jsonl": jsonLines([{ instruction: "b", index: 1 }, { instruction: "a", index: "0" }]),
    "far.jsonl": jsonLines([{ instruction: "z", id: "of z", index: 804 }]),
    "same.jsonl": jsonLines([{ instruction: "a", index: 1 }, { instruction: "b", index: 1 }]),
    "vicuna.jsonl": jsonLines([{ question_id: 1, text: "a", category: "x" }]),
  };
  await withFiles(files, async (path) => {
    const read = async (set: string, gamed = "df_gamed.csv", limit?: number) =>
      await readGamed(path(gamed), await readEvaluationSet(path(set), limit));
    assert.deepEqual(await read("set.jsonl"), [
      { index: 0, preference: 0.2, deltaLength: 1.5, difficulty: -0.3 },
      { index: 1, preference: null, deltaLength: 0.5, difficulty: 0.1 },
      { index: 0, preference: 0.9, deltaLength: -1.2, difficulty: -0.3 },
    ]);
    assert.equal((await read("three.jsonl", "df_gamed.csv", 2)).length, 3);
    assert.equal((await read("own.jsonl")).length, 3);
    const { prompts } = await readEvaluationSet(path("own.jsonl"), undefined);
    assert.deepEqual(prompts.map(({ index, number }) => [index, number]), [[0, 1], [1, 0]]);
    await assertUserError(() => read("set.jsonl", "bad.csv"), 'std_delta_len is "long", no number');
    await assertUserError(() => read("vicuna.jsonl"), "schema of Vicuna", "leave --gamed out");
    await assertUserError(() => read("three.jsonl"), "no row with index 2", "instruction 2");
    await assertUserError(() => read("far.jsonl"), "no row with index 804", "instruction of z");
    await assertUserError(() => read("same.jsonl"), "instructions 0 and 1 both have index 1");
  });
});
