/** Which policies the report of `select` counts: those that the margins are made of. */
import assert from "node:assert/strict";
import { type Row, runSelect } from "../support/run_select.ts";

/** Own margins of two pairs by policy, newest first: the third is for the label of pair 1, the oldest for both. */
const byPolicy = [[-1, -2], [-1, -2], [-1, 20], [1, 1]];
const files = Object.fromEntries(byPolicy.map((margins, age): [string, Row[]] => [
  `${age}.jsonl`,
  margins.map((margin, id) => ({
    ...{ id, prompt: `q${id}`, chosen: `c${id}`, rejected: `r${id}` },
    ...{ chosen_logp: -30 + margin, rejected_logp: -30 },
    ...{ ref_chosen_logp: -30, ref_rejected_logp: -30 },
  })),
]));

for (
  const [policies, suspects, against, args] of [
    [2, 2, [2, 2], ["--weighting", "two-term"]],
    [1, 2, [1, 1], ["--gamma", "0"]],
    [3, 1, [3, 2], ["--weighting", "uniform"]],
    [2, 2, [2, 2], ["--window", "2"]],
  ] as const
) {
  Deno.test(`the report counts the ${policies} policies of ${args.join(" ")}`, async () => {
    const { report } = await runSelect(files, [
      ...["--data", "0.jsonl", "--history", "1.jsonl", "2.jsonl", "3.jsonl"],
      ...["--read", "2", ...args],
    ]);
    assert.match(report, new RegExp(`ensemble of ${policies} policies`));
    assert.match(report, new RegExp(`${suspects} of 2 pairs are ranked against their label`));
    for (const [id, count] of against.entries()) {
      assert.match(
        report,
        new RegExp(`### ${id}: margin .*, ${count} of ${policies} policies against the label`),
      );
    }
  });
}
