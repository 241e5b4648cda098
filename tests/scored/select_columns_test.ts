/** What `select` does with the columns of a row that it does not compute with. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { assertUserError } from "../support/errors.ts";
import { type Row, runSelect as run } from "../support/run_select.ts";

// Made by pyarrow: tools/parity/preference_formats.py.
const fixture = (name: string) =>
  fileURLToPath(new URL(`../data/parquet/${name}.parquet`, import.meta.url));

const texts = { prompt: "q", chosen: "c", rejected: "r" };
const logps = { chosen_logp: -5, rejected_logp: -1, ref_chosen_logp: -2, ref_rejected_logp: -2 };
const data = ["--data", "new.jsonl"];

/** The swapped row of a pair with these columns. */
async function swapped(columns: Row, args: readonly string[] = []): Promise<Row> {
  const row = { id: "a", ...texts, ...logps, ...columns };
  const { kept } = await run({ "new.jsonl": [row] }, [...data, "--rule", "relabel", ...args]);
  assert.equal(kept[0]?.verdict, "swapped");
  return kept[0] as Row;
}

Deno.test("a relabelled row says the opposite in every column that it knows", async () => {
  const columns = {
    ...{ flipped: true, score_gap: 5, irm: -0.25, explicit_margin: 2, reward_margin: null },
    ...{ chosen_reward: 3, rejected_reward: 1, chosen_note: null, rejected_note: "n" },
    ...{ chosen_by: "ann", length: 7 },
    source: {
      ...{ flipped: false, score_gap: -1, annotator: "b" },
      ...{ score_chosen: 8, score_rejected: 7 },
    },
  };
  const { margin, rank, verdict: _, reason: _reason, ...row } = await swapped(columns);
  assert.ok(Math.abs(margin as number - 0.4) < 1e-12);
  assert.equal(rank, 1);
  assert.deepEqual(row, {
    ...{ id: "a", prompt: "q", chosen: "r", rejected: "c" },
    ...{ chosen_logp: -1, rejected_logp: -5, ref_chosen_logp: -2, ref_rejected_logp: -2 },
    ...{ flipped: false, score_gap: -5, irm: 0.25, explicit_margin: -2, reward_margin: null },
    ...{ chosen_reward: 1, rejected_reward: 3, chosen_note: "n", rejected_note: null },
    ...{ chosen_by: "ann", length: 7 }, // no column of the other side: of the pair
    source: {
      ...{ flipped: true, score_gap: 1, annotator: "b" },
      ...{ score_chosen: 7, score_rejected: 8 },
    },
  });
  // What is no number is left as it is.
  assert.equal((await swapped({ score_gap: "high" })).score_gap, "high");
});

Deno.test("a relabelled row changes the columns that --columns names", async () => {
  const { chosen_logp: w, rejected_logp: l, ...references } = logps;
  const row = { id: "a", ...texts, ...references, w, l, rm: 2, good: 9, rejected_reward: 4 };
  const relabel = [...data, "--rule", "relabel", "--columns"];
  const names = "chosen=w,rejected=l,explicit_margin=rm,chosen_reward=good";
  const { kept } = await run({ "new.jsonl": [row] }, [...relabel, names]);
  const { w: newW, l: newL, rm, good, rejected_reward } = kept[0] as Row;
  assert.deepEqual([newW, newL, rm, good, rejected_reward], [l, w, -2, 4, 9]);
  await assertUserError(
    () => run({ "new.jsonl": [row] }, [...relabel, "chosen=w,rejected=l,explicit_margin=nix"]),
    'new.jsonl:1: there is no column "nix" for explicit_margin',
  );
});

Deno.test("the report groups by a column, also within source, and never by a whole object", async () => {
  const rows = ["x", "y", "x"].map((source, i) => ({
    ...{ id: i, ...texts, ...logps },
    source: { source, rater: i === 0 ? "ann" : null },
  }));
  const groupsOf = async (files: readonly Row[], ...args: string[]) => {
    const { report } = await run({ "new.jsonl": files }, [...data, ...args]);
    const [, table] = report.split("## By source\n\n");
    return table?.split("\n\n")[0]?.split("\n").slice(2).map((line) =>
      line.split(" | ").slice(0, 2)
    );
  };
  assert.deepEqual(await groupsOf(rows, "--source", "source.rater"), [["| null", "2"], [
    "| ann",
    "1",
  ]]);
  const bySource = [["| x", "2"], ["| y", "1"]];
  assert.deepEqual(await groupsOf(rows), bySource); // where `score --texts` puts it
  assert.deepEqual(
    await groupsOf(rows.map(({ source, ...row }) => ({ ...row, ...source }))),
    bySource,
  );
  const dotted = rows.map(({ source, ...row }) => ({ ...row, "a.b": source.source }));
  assert.deepEqual(await groupsOf(dotted, "--source", "a.b"), bySource);
  const nested = rows.map((row) => ({ ...row, source: { rater: row.source.rater } }));
  assert.equal(await groupsOf(nested), undefined);
  const fails = (source: string, ...expected: (string | RegExp)[]) =>
    assertUserError(
      () => run({ "new.jsonl": rows }, [...data, "--source", source]),
      ...expected,
    );
  await fails("source", /new\.jsonl:1: .*an object with source, rater: .*--source source\.source$/);
  await fails("source.nix", "no record has --source source.nix; the columns are id, prompt");
  await fails("nix", "no record has --source nix");
});

Deno.test("integers of Parquet are numbers or exact text wherever they stand, NaN that is not read null", async () => {
  const { kept, dropped } = await run({}, [
    ...["--data", fixture("integers"), "--keep", "0.67", "--source", "meta.annotator"],
  ]);
  const rows = [...kept, ...dropped];
  assert.deepEqual(
    rows.map(({ chosen_input_ids, meta, score_chosen, score_rejected, score }) => [
      ...[chosen_input_ids, meta, score_chosen, score_rejected, score],
    ]),
    [
      [[1, 2], { annotator: "1152921504606846976", turns: [0] }, 8, 3, 1],
      [[1, 3], { annotator: "1152921504606846977", turns: [1] }, 7, 4, null],
      [[1, 4], { annotator: "1152921504606846978", turns: [2] }, 6, 5, 2],
    ],
  );
  const byScores = await run({}, [
    ...["--data", fixture("integers"), "--by", "explicit", "--count", "1"],
  ]);
  assert.deepEqual(byScores.kept.map(({ id, score }) => [id, score]), [["0", 5]]);
  // A column that is computed with has to be a number.
  await assertUserError(
    () => run({}, ["--data", fixture("integers"), "--columns", "chosen=score"]),
    /record 2: "score" must be a number, got number NaN$/,
  );
});

Deno.test("candidates of Parquet: their token ids are 64-bit integers", async () => {
  const pair = { id: 0, ...texts, ...logps };
  const { kept } = await run({ "new.jsonl": [pair] }, [
    ...[...data, "--rule", "all", "--candidates", fixture("candidates"), "--on-policy", "1"],
  ]);
  assert.deepEqual(
    kept.slice(1).map(({ prompt, chosen, rejected }) => [prompt, chosen, rejected]),
    [["q", "x", "y"]],
  );
  const candidates = ["x", "y"].map((response) => ({
    ...{ prompt: "q", response, logp: -1, ref_logp: -1, token_ids: [1, "two"] },
  }));
  await assertUserError(
    () =>
      run({ "new.jsonl": [pair], "c.jsonl": candidates }, [
        ...[...data, "--rule", "all", "--candidates", "c.jsonl"],
      ]),
    'c.jsonl:1: field "token_ids" must be a list of integers',
  );
});
