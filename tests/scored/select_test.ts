import assert from "node:assert/strict";
import { createPrng } from "../../lib/random/prng.ts";
import { fileURLToPath } from "node:url";
import { type Row, runSelect as run, scored } from "../support/run_select.ts";

/**
 * The same selection written from the definitions: r~ by recursion from the oldest policy on, ranks
 * by counting who is ahead. No function of the suite is called.
 */
function independent(
  files: readonly (readonly Row[])[],
  { beta, gamma, perToken }: { beta: number; gamma: number; perToken: boolean },
): { margins: number[]; ranks: number[] } {
  const [newest] = files as [readonly Row[]];
  const n = (row: Row | undefined, key: string) => row?.[key] as number;
  const reward = (file: readonly Row[], i: number, side: string) => {
    const ratio = n(file[i], `${side}_logp`) - n(newest[i], `ref_${side}_logp`);
    return beta * ratio / (perToken ? n(newest[i], `${side}_tokens`) : 1);
  };
  const ensemble = (i: number, side: string) =>
    files.toReversed().map((file) => reward(file, i, side))
      .reduce((older, newer) => (1 - gamma) * newer + gamma * older);
  const margins = newest.map((_, i) => ensemble(i, "chosen") - ensemble(i, "rejected"));
  const ranks = margins.map((own, i) =>
    1 + margins.filter((other, j) => other > own || other === own && j < i).length
  );
  return { margins, ranks };
}

for (const [name, gamma, perToken] of [["sums", 0.25, false], ["per token", 0.5, true]] as const) {
  Deno.test(`margins, ranks and shares equal an independent computation, ties included: ${name}`, async () => {
    for (const [count, keep] of [[1, 0.5], [7, 0.5], [45, 0.7], [200, 0.13]] as const) {
      const prng = createPrng(count, "scored");
      const files = [0, 1, 2].map((policy) => scored(count, prng, policy, policy === 0));
      const { margins, ranks } = independent(files, { beta: 0.5, gamma, perToken });
      const shuffled = prng.shuffle([...files[2] as Row[]]); // matched by id, not by place
      const { kept, dropped, said } = await run(
        { "new.jsonl": files[0] as Row[], "old.jsonl": files[1] as Row[], "older.jsonl": shuffled },
        [
          ...["--data", "new.jsonl", "--history", "old.jsonl", "older.jsonl"],
          ...["--keep", `${keep}`, "--beta", "0.5", "--gamma", `${gamma}`],
          ...(perToken ? ["--per-token"] : []),
        ],
      );
      // Halves up, of the decimal product; at least one.
      const expected = Math.max(1, Math.floor(Math.round(keep * count * 1000) / 1000 + 0.5));
      assert.ok(perToken || count < 45 || new Set(margins).size < count, "the inputs have ties");
      assert.equal(kept.length, expected);
      assert.match(said, new RegExp(`^${expected} of ${count} pairs kept`));
      assert.deepEqual(
        kept.map((row) => row.id),
        files[0]?.map((row) => row.id).filter((_, i) => (ranks[i] as number) <= expected),
      );
      for (const row of [...kept, ...dropped]) {
        const i = Number(String(row.id).slice(1));
        assert.ok(Math.abs((row.margin as number) - (margins[i] as number)) < 1e-12);
        assert.equal(row.rank, ranks[i]);
        assert.equal(row.verdict, (ranks[i] as number) <= expected ? "kept" : "dropped");
      }
      assert.equal(kept.length + dropped.length, count);
    }
  });
}

const margins = [3, -2, 0, 1, -1];
const rows: Row[] = margins.map((margin, i) => ({
  ...{ id: i, prompt: `q${i}`, chosen: `c${i}`, rejected: `r${i}`, flipped: margin < 0 },
  ...{ chosen_logps: -10 + margin, rejected_logps: -10, margin: "old" },
  ...{ ref_chosen_logps: -10, ref_rejected_logps: -10 },
}));
const data = ["--data", "new.jsonl", "--beta", "1"];

Deno.test("every rule keeps the pairs that it names, from TRL's columns", async () => {
  for (
    const [args, ids] of [
      [["--rule", "all"], [0, 1, 2, 3, 4]],
      [["--rule", "top", "--count", "2"], [0, 3]],
      [["--rule", "bottom", "--keep", "0.4"], [1, 4]],
      [["--rule", "middle", "--keep", "0.2"], [2]],
      [["--rule", "threshold", "--tau", "0"], [0, 2, 3]],
      [["--rule", "oracle", "--keep", "0.6"], [0, 2, 3]],
      [["--rule", "oracle", "--order", "random", "--keep", "0.6"], [0, 2, 3]],
      [["--rule", "small-gap", "--keep", "0.6"], [2, 3, 4]],
      // None of the three largest margins is a flipped pair's.
      [["--rule", "matched", "--keep", "0.6"], [0, 2, 3]],
      [["--rule", "relabel"], [0, 1, 2, 3, 4]],
    ] as const
  ) {
    const { kept } = await run({ "new.jsonl": rows }, [...data, ...args]);
    assert.deepEqual(kept.map((row) => Number(row.id)), ids, args.join(" "));
  }
  const { kept, dropped } = await run(
    { "new.jsonl": rows },
    [...data, "--rule", "matched", "--keep", "0.8"],
  );
  assert.equal(kept.filter((row) => row.flipped === true).length, 1);
  assert.equal(kept.filter((row) => row.flipped === false).length, 3);
  assert.equal(dropped[0]?.reason, "label known to be wrong, not drawn");
  const oracle = await run(
    { "new.jsonl": rows },
    [...data, "--rule", "oracle", "--order", "random", "--count", "2"],
  );
  for (const row of oracle.kept) assert.equal(row.reason, "label known to be right, drawn");
  const drawn = async (seed: string) =>
    (await run({ "new.jsonl": rows }, [
      ...data,
      "--rule",
      "random",
      "--count",
      "3",
      "--seed",
      seed,
    ]))
      .kept.map((row) => row.id);
  assert.deepEqual(await drawn("1"), await drawn("1"));
  assert.notDeepEqual(await drawn("1"), await drawn("2"));
});

Deno.test("relabelled pairs change places, scores and margin too", async () => {
  const { kept } = await run({ "new.jsonl": rows }, [...data, "--rule", "relabel"]);
  const { reason, ...row } = kept[1] as Row;
  assert.match(reason as string, /negative/);
  assert.deepEqual(row, {
    ...{ id: 1, prompt: "q1", chosen: "r1", rejected: "c1", flipped: false },
    ...{ chosen_logps: -10, rejected_logps: -12, ref_chosen_logps: -10, ref_rejected_logps: -10 },
    ...{ margin: 2, rank: 5, verdict: "swapped" },
  });
});

Deno.test("the report reads suspected wrong labels first and counts by length and source", async () => {
  const newest = rows.map((row, i) => ({ ...row, source: i < 2 ? "web" : "book" }));
  // Pair 1 has the lowest margin, but the older policy takes its side; both are against pair 4.
  const older = margins.map((margin, i) => ({
    ...{ id: i, chosen_logps: -10 + (i === 1 ? 1 : margin), rejected_logps: -10 },
  }));
  const { report } = await run(
    { "new.jsonl": newest, "old.jsonl": older },
    [...data, "--history", "old.jsonl", "--gamma", "0.1", "--count", "2", "--read", "3"],
  );
  const headings = report.split("\n").filter((line) => line.startsWith("### "));
  assert.deepEqual(headings.map((line) => line.slice(4).split(",")[0]), [
    "4: margin -1.0000",
    "1: margin -1.7000",
    "2: margin 0.0000",
  ]);
  assert.match(report, /1 of 5 pairs are ranked against their label by every policy/);
  assert.match(report, /\| book \| 3 \| 2 \| 0.333 \| 0.0000 \|/);
  assert.match(report, /Jaccard\): 0.3333/); // {0, 3} now, {0, 1} by the older policy alone
});

Deno.test("one length of all pairs is a group of that length", async () => {
  const lengths = (chosen: number) =>
    rows.map((row, i) => ({ ...row, chosen_tokens: chosen + i % 2, rejected_tokens: 3 - i % 2 }));
  const { report } = await run({ "new.jsonl": lengths(2) }, [...data, "--count", "2"]);
  assert.match(report, /By length \(tokens of both completions\)\n\n.*\n.*\n\| 5 \| 5 \| 3 \|/);
  assert.match(
    report,
    /minus rejected \(tokens\)\n\n.*\n.*\n\| up to -1 \| 3 \|.*\n\| above -1 \| 2 \|/,
  );
  assert.doesNotMatch(report, /undefined/);
});

Deno.test("candidates become pairs, best against worst, as bootstrapping makes them", async () => {
  const candidate = (prompt: string, response: string, logp: number, finished = true) => ({
    ...{ id: prompt, prompt, response, logp, ref_logp: -5, tokens: 3, finished },
  });
  const candidates = [
    candidate("a", "good", -1),
    candidate("a", "bad", -4),
    candidate("a", "cut", 0, false),
    candidate("a", "", 0),
    candidate("b", "only", -1),
    candidate("c", "fine", -2),
    candidate("c", "poor", -2.5),
  ];
  const past = candidates.map((row) => ({ id: row.id, logp: row.response === "fine" ? -9 : -5 }));
  const { kept, said } = await run(
    { "new.jsonl": rows, "c.jsonl": candidates, "past.jsonl": past },
    [
      ...[...data, "--count", "1", "--gamma", "0.5", "--on-policy", "0.4"],
      ...["--candidates", "c.jsonl", "--candidates-history", "past.jsonl"],
    ],
  );
  assert.match(said, /1 of 5 pairs kept, 2 bootstrapped/);
  assert.deepEqual(
    kept.slice(1).map(({ chosen, rejected, margin, rank, verdict }) => [
      ...[chosen, rejected, margin, rank, verdict],
    ]),
    // c: 0.5 (3 - 2.5) - 0.5 * 4 = -1.75 for "fine": the older policy turns the pair round.
    [["good", "bad", 1.5, 2, "bootstrapped"], ["poor", "fine", 1.75, 1, "bootstrapped"]],
  );
  const other = past.map((row, i) => ({ ...row, response: candidates[i === 1 ? 2 : i]?.response }));
  await assert.rejects(
    run({ "new.jsonl": rows, "c.jsonl": candidates, "past.jsonl": other }, [
      ...[...data, "--candidates", "c.jsonl", "--candidates-history", "past.jsonl"],
    ]),
    { message: /past.jsonl:2 has another response than record 2 of .*c.jsonl: both must score/ },
  );
  assert.deepEqual(Object.keys(kept[1] as Row).toSorted(), Object.keys(kept[0] as Row).toSorted());
});

Deno.test("beside bootstrapped pairs, given ones have their prompt as a field, too", async () => {
  const user = { role: "user", content: "Why?" };
  const answer = (content: string) => ({ role: "assistant", content });
  const pairs = [0, 1].map((i) => ({
    ...{ id: `p${i}`, chosen: [user, answer(`yes ${i}`)], rejected: [user, answer("no")] },
    ...{ chosen_logp: -1, rejected_logp: -2, ref_chosen_logp: -1, ref_rejected_logp: -1 },
  }));
  const candidates = ["good", "bad"].map((response, i) => ({
    ...{ id: "c", prompt: [user], response, logp: -1 - i, ref_logp: -5, tokens: 3, finished: true },
  }));
  const args = ["--data", "new.jsonl", "--rule", "all"];
  const files = { "new.jsonl": pairs, "c.jsonl": candidates };
  const texts = ({ prompt, chosen, rejected }: Row) => ({ prompt, chosen, rejected });
  const { kept } = await run(files, [...args, "--candidates", "c.jsonl", "--on-policy", "1"]);
  assert.deepEqual(kept.map(texts), [
    { prompt: [user], chosen: [answer("yes 0")], rejected: [answer("no")] },
    { prompt: [user], chosen: [answer("yes 1")], rejected: [answer("no")] },
    { prompt: [user], chosen: [answer("good")], rejected: [answer("bad")] },
  ]);
  // Alone they stay as they were.
  const { kept: alone } = await run(files, args);
  assert.deepEqual(alone.map(({ chosen }) => chosen), pairs.map(({ chosen }) => chosen));
});

Deno.test("what is missing or makes no sense is said", async () => {
  const fails = (args: string[], message: RegExp, files: Record<string, Row[]> = {}) =>
    assert.rejects(run({ "new.jsonl": rows, ...files }, ["--data", "new.jsonl", ...args]), {
      message,
    });
  await fails(["--per-token"], /no column for chosen_tokens.*--columns chosen_tokens=/);
  await fails(["--columns", "chosen=none"], /no column "none" for chosen; the columns are id,/);
  await fails(["--columns", "chosn=x"], /"chosn" is no role; the roles are chosen,/);
  await fails(["--rule", "all", "--keep", "0.5"], /--keep has no effect with --rule all/);
  await fails(["--keep", "0.5", "--count", "2"], /both say how many/);
  await fails(["--history", "h.jsonl"], /has no record "1", which .*new.jsonl has/, {
    "h.jsonl": [{ id: 0, chosen_logp: -1, rejected_logp: -1 }],
  });
  await fails(["--history", "h.jsonl"], /h.jsonl:1: "chosen_logp" must be a number, got null/, {
    "h.jsonl": [{ id: 0, chosen_logp: null, rejected_logp: -1 }],
  });
  await fails(["--data", "b.jsonl"], /may both be chosen: say which/, {
    "b.jsonl": rows.map((row) => ({ ...row, policy_chosen_logps: 1 })),
  });
  await fails(["--data", "n.jsonl", "--rule", "matched"], /matched needs a column "flipped"/, {
    "n.jsonl": rows.map(({ flipped: _, ...row }) => row),
  });
  await fails(["--data", "n.jsonl", "--rule", "oracle"], /needs a column "flipped"/, {
    "n.jsonl": rows.map(({ flipped: _, ...row }) => row),
  });
});

Deno.test("Parquet in, with TRL's names, 32-bit numbers and a history in another order", async () => {
  // Made by pyarrow: tools/parity/preference_formats.py.
  const fixture = (name: string) =>
    fileURLToPath(new URL(`../data/parquet/${name}.parquet`, import.meta.url));
  const [beta, gamma] = [0.5, 0.25];
  const expected = Array.from({ length: 8 }, (_, i) => {
    const ratio = (older: number) => ({
      chosen: -10 + 0.5 * i - older + 11,
      rejected: -12 + 0.25 * (i * i % 7) + 11.5,
    });
    const margin = ({ chosen, rejected }: ReturnType<typeof ratio>) => beta * (chosen - rejected);
    return (1 - gamma) * margin(ratio(0)) + gamma * margin(ratio(0.5 * (i % 2)));
  });
  const { kept, dropped, report } = await run({}, [
    ...["--data", fixture("scored"), "--history", fixture("scored_history")],
    ...["--beta", `${beta}`, "--gamma", `${gamma}`, "--keep", "0.5"],
  ]);
  assert.deepEqual([kept.length, dropped.length], [4, 4]);
  const best = expected.map((margin, i) => [margin, i] as const)
    .toSorted(([a, i], [b, j]) => b - a || i - j).slice(0, 4).map(([, i]) => `pair ${i}`);
  assert.deepEqual(kept.map(({ id }) => id), best.toSorted());
  for (const row of [...kept, ...dropped]) {
    const i = Number(String(row.id).slice("pair ".length));
    assert.ok(Math.abs((row.margin as number) - (expected[i] as number)) < 1e-9, `pair ${i}`);
    assert.deepEqual(row.prompt, [{ role: "user", content: `Frage ${i} é😀` }]);
    assert.deepEqual([row.chosen_length, row.rejected_length], [4 + i, 9 - i]); // int64
    assert.deepEqual([row.flipped, row.source], [i % 3 === 0, i % 2 ? "web" : "books"]);
  }
  assert.match(report, /tokens/); // lengths are counted by the file
  assert.match(report, /web/);
});
