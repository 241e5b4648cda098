/** The chain `data`, `score --texts`, `select`: a column that one writes the next one finds. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { dataCommand } from "../../experiments/commands/data/options.ts";
import { prepareData } from "../../experiments/commands/data/prepare_data.ts";
import { scoreCommand } from "../../experiments/commands/score/options.ts";
import { scorePairs } from "../../experiments/commands/score/score_pairs.ts";
import { selectCommand } from "../../experiments/commands/select/options.ts";
import { select } from "../../experiments/commands/select/select.ts";
import { parseCommand } from "../../lib/cli/command.ts";
import { silentProgress } from "../../lib/progress/progress_sink.ts";
import type { Row } from "../support/run_select.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { makeTinyModelFolder } from "../support/tiny_model.ts";
import { jsonLines, tinyPairs } from "../support/tiny_pairs.ts";

const rowsOf = (path: string): Row[] =>
  Deno.readTextFileSync(path).split("\n").filter(Boolean).map((line) => JSON.parse(line));

const PAIRS = 20, FLIPPED = 5;

Deno.test("labels that data flips are what select's oracle drops, by way of score --texts", async () => {
  await withTempDir(async (dir) => {
    const at = (name: string) => join(dir, name);
    const run = {
      data: (...args: string[]) =>
        prepareData(parseCommand(dataCommand, args).options, silentProgress),
      score: (...args: string[]) => {
        const model = ["--model", at("model"), "--reference", at("reference"), "--texts"];
        return scorePairs(parseCommand(scoreCommand, [...model, ...args]).options, silentProgress);
      },
      select: async (...args: string[]) => {
        const { options, given } = parseCommand(selectCommand, [
          ...["--data", at("scored.jsonl"), "--out", at("kept.jsonl"), ...args],
        ]);
        await select(options, new Set(given.keys()), silentProgress);
        return rowsOf(at("kept.jsonl"));
      },
    };
    await makeTinyModelFolder(at("model"), { seed: 1 });
    await makeTinyModelFolder(at("reference"), { seed: 2 });
    const scores = tinyPairs(PAIRS, 4).map((pair, i) => ({
      ...{ ...pair, score_chosen: 8 + i / 100, score_rejected: 8 - i },
    }));
    await Deno.writeTextFile(at("given.jsonl"), jsonLines(scores));
    const share = String(FLIPPED / PAIRS);
    await run.data("--data", at("given.jsonl"), "--out", at("data"), "--flip-labels", share);
    await run.score("--data", join(at("data"), "train.jsonl"), "--out", at("scored.jsonl"));

    const scored = rowsOf(at("scored.jsonl"));
    assert.equal(scored.filter(({ flipped }) => flipped === true).length, FLIPPED);
    assert.ok(scored.every(({ source }) => JSON.stringify(source) === "{}"));
    const right = scored.filter(({ flipped }) => flipped === false).map(({ id }) => id);
    const oracle = await run.select("--rule", "oracle", "--count", String(PAIRS - FLIPPED));
    assert.deepEqual(oracle.map(({ id }) => id), right);
    const relabelled = await run.select("--rule", "relabel");
    const swapped = relabelled.filter(({ verdict }) => verdict === "swapped");
    assert.ok(swapped.length > 0 && swapped.length < PAIRS);
    relabelled.forEach((row, i) => {
      const before = scored[i] as Row, sign = row.verdict === "swapped" ? -1 : 1;
      assert.equal(row.flipped, sign < 0 ? !before.flipped : before.flipped);
      for (const name of ["score_gap", "irm"]) {
        assert.equal(row[name], sign * (before[name] as number), name);
      }
      // beta is 0.1 in both commands: the margin is what `score` calls irm.
      assert.ok(Math.abs((row.margin as number) - (row.irm as number)) < 1e-6);
    });

    // What a reward model or a validation model said stays a column; what old policies said does not.
    const judged = scores.map((pair) => ({
      ...{ ...pair, val_chosen_logp: -1, val_rejected_logp: -2, chosen_logp: "old", source: "web" },
    }));
    await Deno.writeTextFile(at("judged.jsonl"), jsonLines(judged));
    await run.score("--data", at("judged.jsonl"), "--out", at("scored.jsonl"));
    const explicit = await run.select("--by", "explicit", "--count", "3");
    assert.deepEqual(explicit.map(({ id }) => id), ["17", "18", "19"]);
    const [row] = explicit as [Row];
    assert.deepEqual([row.val_chosen_logp, row.val_rejected_logp], [-1, -2]);
    assert.deepEqual(row.source, { chosen_logp: "old", source: "web" });
    const report = Deno.readTextFileSync(at("kept.jsonl.report.md"));
    assert.match(report, /## By source\n\n.*\n.*\n\| web \| 20 \| 17 \|/);
  });
});
