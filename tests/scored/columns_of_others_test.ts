/** `--columns` names columns of the newest file; files of other policies may have others. */
import assert from "node:assert/strict";
import { type Row, runSelect as run } from "../support/run_select.ts";

const margins = [1, -1];
const logps = (chosen: string, rejected: string, margin: number) => ({
  ...{ [chosen]: -30 + margin, [rejected]: -30 },
});
const texts = margins.map((_, id) => ({ id, prompt: `q${id}`, chosen: "c", rejected: "r" }));
const newest: Row[] = margins.map((margin, i) => ({
  ...texts[i],
  ...logps("w", "l", margin),
  ...logps("base_w", "base_l", 0),
}));
const names = "chosen=w,rejected=l,ref_chosen=base_w,ref_rejected=base_l";
const data = ["--data", "new.jsonl", "--beta", "1", "--rule", "all", "--columns", names];

Deno.test("a past file takes the newest's reference, or its own under a recognised name", async () => {
  const past = (of: (margin: number) => Row) =>
    margins.map((margin, id) => ({ id, ...of(3 * margin) }));
  const marginsWith = async (rows: readonly Row[]) => {
    const args = [...data, "--history", "old.jsonl", "--gamma", "0.5"];
    const { kept } = await run({ "new.jsonl": newest, "old.jsonl": rows }, args);
    return kept.map(({ margin }) => margin);
  };
  assert.deepEqual(await marginsWith(past((margin) => logps("w", "l", margin))), [2, -2]);
  const recognised = (margin: number) => logps("chosen_logp", "rejected_logp", margin);
  assert.deepEqual(await marginsWith(past(recognised)), [2, -2]);
  const own = (margin: number) => ({
    ...recognised(margin),
    ...logps("ref_chosen_logp", "ref_rejected_logp", 1),
  });
  assert.deepEqual(await marginsWith(past(own)), [1.5, -2.5]);
  const named = (margin: number) => ({
    ...logps("w", "l", margin),
    ...logps("base_w", "base_l", 1),
  });
  assert.deepEqual(await marginsWith(past(named)), [1.5, -2.5]);
  await assert.rejects(marginsWith(past(() => ({ w: -1 }))), {
    message: /old.jsonl:1: there is no column for rejected, which dpo margins need/,
  });
});

Deno.test("voters and a validation model have log-probabilities under recognised names", async () => {
  const other: Row[] = margins.map((margin, id) => ({
    ...{ id, ...logps("chosen_logp", "rejected_logp", -margin) },
  }));
  const rank = async (args: readonly string[]) => {
    const { kept } = await run({ "new.jsonl": newest, "other.jsonl": other }, [
      ...["--data", "new.jsonl", "--columns", names, "--count", "1", ...args],
    ]);
    return kept.map(({ id }) => id);
  };
  assert.deepEqual(await rank(["--by", "votes", "--voters", "other.jsonl"]), [1]);
  await rank(["--rule", "lossdiff-irm", "--validation", "other.jsonl"]);
});

Deno.test("past scores of candidates need no reference under the name that is given", async () => {
  const candidates = [-1, -3].map((p, i) => ({
    ...{ id: "a", prompt: "a", response: `r${i}`, p, base: -5, tokens: 3 },
  }));
  const files = {
    "new.jsonl": newest,
    "c.jsonl": candidates,
    "past.jsonl": [-9, -5].map((logp) => ({ id: "a", logp })),
  };
  const { kept } = await run(files, [
    ...[...data.slice(0, -1), `${names},logp=p,ref_logp=base`, "--gamma", "0.75"],
    ...["--on-policy", "1", "--candidates", "c.jsonl", "--candidates-history", "past.jsonl"],
  ]);
  // 0.25 * 2 - 0.75 * 4: the older policy turns the pair round.
  assert.deepEqual(kept.slice(2).map(({ chosen, margin }) => [chosen, margin]), [["r1", 2.5]]);
});
