import assert from "node:assert/strict";
import { selectCommand, studyFields } from "../../experiments/commands/select/options.ts";
import { ruleOf } from "../../experiments/commands/select/rule_of.ts";
import { allStudies } from "../../experiments/studies.ts";
import { helpText, parseCommand } from "../../lib/cli/command.ts";
import { createPrng, type Prng } from "../../lib/random/prng.ts";
import { ruleFields } from "../../lib/selection/rule_fields.ts";
import { scoreNames, selectionRules } from "../../lib/selection/selection_rule.ts";
import { planStudy } from "../../lib/study/plan.ts";
import { type Row, runSelect, scored } from "../support/run_select.ts";

/** Everything that a rule may read, by few numbers that are exact in binary: ties are many. */
function inputs(count: number, prng: Prng) {
  const [newest, old, validation, ...voters] = [0, 1, 2, 3, 4, 5].map((policy) =>
    scored(count, prng, policy, policy === 0)
  ) as [Row[], Row[], Row[], ...Row[][]];
  const data: Row[] = newest.map((row, i) => ({
    ...row,
    explicit_margin: prng.integer(7) - 3,
    val_chosen_logp: validation[i]?.chosen_logp,
    val_rejected_logp: validation[i]?.rejected_logp,
  }));
  return { data, old, voters, validation };
}
type Inputs = ReturnType<typeof inputs>;

const BETA = 0.5, GAMMA = 0.25;

/** Margins of a file by the definition, its reference the newest's. */
function marginsOf({ data }: Inputs, rows: readonly Row[]): number[] {
  const ratio = (i: number, side: string) =>
    (rows[i]?.[`${side}_logp`] as number) - (data[i]?.[`ref_${side}_logp`] as number);
  return data.map((_, i) => BETA * ratio(i, "chosen") - BETA * ratio(i, "rejected"));
}

/** How many are ahead of each: of larger value, or equal and earlier. Counted, not sorted. */
function placesOf(values: readonly number[]): number[] {
  return values.map((own, i) =>
    values.filter((other, j) => other > own || (other === own && j < i)).length
  );
}

/** Nearness to the median place, the upper of two nearer. */
function central(values: readonly number[]): number[] {
  const middle = (values.length - 1) / 2;
  return placesOf(values).map((place) => -Math.abs(place - middle + 0.25));
}

function z(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return values.map((value) => (value - mean) / (Math.sqrt(squares / values.length) || 1));
}

const loss = {
  dpo: (margin: number) => Math.log(1 + Math.exp(-margin)),
  slic: (margin: number) => Math.max(0, 1 - margin),
};
const withVoters = ["--voters", "v0.jsonl", "v1.jsonl", "v2.jsonl"];

/** Each rule, and one number a pair such that the rule prefers larger ones: its definition. */
const rules: readonly (readonly [args: readonly string[], (all: Inputs) => number[]])[] = [
  [["--by", "explicit"], explicit],
  [["--rule", "bottom", "--by", "explicit"], (all) => explicit(all).map((value) => -value)],
  [["--rule", "middle", "--by", "explicit"], (all) => central(explicit(all))],
  [["--by", "explicit-minus-implicit"], potential],
  [["--by", "votes", ...withVoters], votes],
  [["--rule", "middle", "--by", "votes", ...withVoters], (all) => central(votes(all))],
  [["--rule", "shortest"], ({ data }) => data.map((row) => -(row.chosen_tokens as number))],
  [["--rule", "lossdiff-irm", "--loss", "dpo"], (all) => bands(all, loss.dpo)],
  [["--rule", "lossdiff-irm", "--loss", "slic"], (all) => bands(all, loss.slic)],
  // Losses that couple a batch count pair by pair: all pairs of a file are no batch.
  [["--rule", "lossdiff-irm", "--loss", "dr-dpo"], (all) => bands(all, loss.dpo)],
  [["--rule", "lossdiff-irm", "--loss", "wdpo"], (all) => bands(all, loss.dpo)],
  [
    ["--rule", "lossdiff-irm", "--loss", "slic", "--validation", "val.jsonl"],
    (all) => bands(all, loss.slic),
  ],
];
function explicit({ data }: Inputs): number[] {
  return data.map((row) => row.explicit_margin as number);
}

/** M_AP by the ensemble's margins. */
function potential(all: Inputs): number[] {
  const [now, before] = [marginsOf(all, all.data), marginsOf(all, all.old)];
  const implicit = z(now.map((m, i) => Math.abs((1 - GAMMA) * m + GAMMA * (before[i] as number))));
  return z(explicit(all)).map((own, i) => own - (implicit[i] as number));
}

/** Places by votes, then by mean margin: no fraction added to a count. */
function votes(all: Inputs): number[] {
  const each = all.voters.map((rows) => marginsOf(all, rows));
  const count = all.data.map((_, i) => each.filter((margins) => (margins[i] as number) > 0).length);
  const sum = all.data.map((_, i) => each.reduce((total, margins) => total + (margins[i] ?? 0), 0));
  return count.map((own, i) => 1000 * own + (sum[i] as number));
}

/** LossDiff-IRM, of the newest policy alone. */
function bands(all: Inputs, lossOf: (margin: number) => number): number[] {
  const own = marginsOf(all, all.data);
  const validation = marginsOf(all, all.validation).map(lossOf);
  const byLoss = central(own.map((margin, i) => lossOf(margin) - (validation[i] as number)));
  return central(own).map((value, i) => Math.min(value, byLoss[i] as number));
}

Deno.test("rules that read more than margins equal an independent computation, ties included", async () => {
  let ties = 0;
  for (const [count, keep] of [[1, 0.5], [6, 0.5], [45, 0.7], [120, 0.25]] as const) {
    const prng = createPrng(count, "rules");
    const all = inputs(count, prng);
    const files = {
      ...{ "new.jsonl": all.data, "old.jsonl": all.old },
      ...Object.fromEntries(all.voters.map((rows, i) => [`v${i}.jsonl`, prng.shuffle([...rows])])),
      "val.jsonl": prng.shuffle([...all.validation]), // matched by id, not by place
    };
    const old = marginsOf(all, all.old);
    const ensemble = marginsOf(all, all.data).map((margin, i) =>
      (1 - GAMMA) * margin + GAMMA * (old[i] as number)
    );
    const ranks = placesOf(ensemble).map((place) => place + 1);
    for (const [args, orderOf] of rules) {
      // The columns of a validation model are not read where its file is given.
      const data = args.includes("--validation")
        ? all.data.map((row) => ({ ...row, val_chosen_logp: null }))
        : all.data;
      const { kept, dropped, report } = await runSelect({ ...files, "new.jsonl": data }, [
        ...["--data", "new.jsonl", "--history", "old.jsonl", "--gamma", `${GAMMA}`],
        ...["--beta", `${BETA}`, "--keep", `${keep}`, ...args],
      ]);
      const places = placesOf(orderOf(all));
      ties += count - new Set(orderOf(all)).size;
      const expected = Math.max(1, Math.floor(Math.round(keep * count * 1000) / 1000 + 0.5));
      assert.deepEqual(
        kept.map(({ id }) => id),
        all.data.map(({ id }) => id).filter((_, i) => (places[i] as number) < expected),
        `${count} pairs, ${args.join(" ")}`,
      );
      assert.equal(kept.length + dropped.length, count);
      for (const row of [...kept, ...dropped]) {
        const i = Number(String(row.id).slice(1));
        assert.equal(row.margin, ensemble[i]);
        assert.equal(row.rank, ranks[i]);
        assert.equal(typeof row.score, "number");
        assert.equal(row.verdict, (places[i] as number) < expected ? "kept" : "dropped");
      }
      // What voters and validation models said one iteration ago is unknown.
      const unknown = args.includes("votes") || args.includes("lossdiff-irm");
      assert.equal(/Jaccard\): [01]\.\d{4}/.test(report), !unknown, args.join(" "));
    }
  }
  assert.ok(ties > 500);
});

const pair = { id: 0, prompt: "q", chosen: "c", rejected: "r" };
const logps = { chosen_logp: -1, rejected_logp: -2, ref_chosen_logp: -1, ref_rejected_logp: -1 };

Deno.test("a reward model's two scores make its margin; a reason tells the score's rank", async () => {
  const rows = [[4, 1], [2, 3], [9, 8]].map(([score_chosen, score_rejected], id) => ({
    ...{ ...pair, ...logps, id, score_chosen, score_rejected },
  }));
  const { kept, dropped, report } = await runSelect({ "new.jsonl": rows }, [
    ...["--data", "new.jsonl", "--by", "explicit", "--count", "1"],
  ]);
  assert.deepEqual(kept.map(({ id, score }) => [id, score]), [[0, 3]]);
  assert.equal(kept[0]?.reason, "rank 1 of 3 by explicit: among the top 1");
  assert.equal(dropped[0]?.reason, "rank 3 of 3 by explicit: below the top 1");
  assert.match(report, /rule \{"rule":"top","keep":\{"count":1\},"by":"explicit"\}/);
});

Deno.test("a missing column is named with its place and the command that makes it", async () => {
  const fails = (
    args: string[],
    message: RegExp,
    rows: Row[] = [{ ...pair, ...logps }],
    more: Record<string, Row[]> = {},
  ) =>
    assert.rejects(
      runSelect({ "new.jsonl": rows, ...more }, ["--data", "new.jsonl", ...args]),
      (error: Error) => {
        assert.equal(error instanceof Error && error.name, "UserError");
        assert.match(error.message, message);
        return true;
      },
    );
  await fails(
    ["--rule", "shortest"],
    /new.jsonl:1: .* chosen_tokens, which the rule shortest needs: `deno task score .*--columns chosen_tokens=.*the columns are id,/,
  );
  await fails(
    ["--rule", "lossdiff-irm"],
    /new.jsonl:1: .* val_chosen, .*lossdiff-irm needs: give --validation FILE, which `deno task score/,
  );
  for (const by of ["explicit", "explicit-minus-implicit"]) {
    await fails(
      ["--by", by],
      /new.jsonl:1: .* explicit_margin, which --by explicit.* needs: score both .* chosen_reward and/,
    );
  }
  await fails(["--by", "explicit"], /column for rejected_reward/, [
    { ...pair, ...logps, chosen_reward: 1 },
  ]);
  await fails(
    ["--rule", "lossdiff-irm"],
    /new.jsonl:1: .* ref_chosen, which .*--reference SFT/,
    [{ ...pair, chosen_logp: -1, rejected_logp: -2, val_chosen_logp: -1, val_rejected_logp: -1 }],
  );
  await fails(["--by", "votes"], /--by votes needs --voters FILE...: .*score --model VOTER/);
  await fails(["--by", "explicit"], /new.jsonl:2: "explicit_margin" must be a number, got null/, [
    { ...pair, ...logps, explicit_margin: 1 },
    { ...pair, ...logps, id: 1, explicit_margin: null },
  ]);
  const voter = { "v.jsonl": [{ id: 7, chosen_logp: -1, rejected_logp: -1 }] };
  await fails(
    ["--by", "votes", "--voters", "v.jsonl"],
    /v.jsonl has no record "0", which .*new.jsonl/,
    undefined,
    voter,
  );
  await fails(
    ["--rule", "shortest", "--by", "explicit"],
    /--by has no effect with --rule shortest/,
  );
  await fails(["--order", "random"], /--order has no effect with --rule top/);
  await fails(
    ["--voters", "v.jsonl"],
    /--voters has no effect without --by votes/,
    undefined,
    voter,
  );
  await fails(["--columns", "val_chosen=x"], /"val_chosen" is no role/);
  // Columns that the rule does not read may hold anything.
  await runSelect({ "new.jsonl": [{ ...pair, ...logps, explicit_margin: "n/a" }] }, [
    ...["--data", "new.jsonl"],
  ]);
});

Deno.test("every selection rule of the studies is offered, or its field named with a reason", () => {
  const help = helpText(selectCommand);
  for (const name of [...selectionRules, ...scoreNames]) assert.ok(help.includes(name), name);
  for (const [field, reason] of Object.entries(studyFields)) {
    assert.ok(help.replaceAll(/\s+/g, " ").includes(`${field} (${reason})`), field);
  }
  const fields = new Set<string>(Object.values(ruleFields).flat());
  for (const field of fields) {
    assert.notEqual(Object.hasOwn(selectCommand.options, field), field in studyFields, field);
  }
  const used = new Set<string>();
  for (const study of allStudies) {
    for (const { config } of planStudy(study, "full")) {
      used.add(JSON.stringify(config.sera.selection));
    }
  }
  assert.ok(used.size > 15);
  for (const text of used) {
    const rule = JSON.parse(text) as Record<string, unknown>;
    const offered = Object.entries(rule).filter(([field]) => !(field in studyFields));
    const { options, given } = parseCommand(selectCommand, [
      ...["--data", "d.jsonl", "--out", "o.jsonl"],
      ...offered.flatMap(([field, value]) => [`--${field}`, `${value}`]),
      ...(rule.by === "votes" ? ["--voters", "v.jsonl"] : []),
    ]);
    assert.deepEqual(ruleOf(options, new Set(given.keys())), Object.fromEntries(offered), text);
  }
});
