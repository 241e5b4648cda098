/**
 * What a user comes for, as they would do it: from a folder that is not the repository, with a model
 * folder and files of their own and paths relative to where they stand. Each task ends in the file or
 * the line that answers the question.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { projectRoot } from "../../lib/engine/layout.ts";
import type { RunRecord } from "../../lib/report/record.ts";
import { leaveBehind, leftBehind } from "../support/left_behind.ts";
import { taskArguments } from "../support/task_arguments.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { makeTinyModelFolder } from "../support/tiny_model.ts";
import { jsonLines, tinyPairs } from "../support/tiny_pairs.ts";

const PAIRS = tinyPairs(40, 3).map((pair, i) => ({ ...pair, annotator: `rater ${i % 4}` }));

/** Options of a run of some seconds. */
const QUICK = "--lr 0.02 --batch 6 --rank 4 --responses 16 --max-new-tokens 64 --iterations 2"
  .split(" ");

Deno.test("fifteen tasks of a user, from a folder of their own", async (t) => {
  await withTempDir(async (home) => {
    await makeTinyModelFolder(join(home, "my-model"), { seed: 7 });
    await Deno.writeTextFile(join(home, "pairs.jsonl"), jsonLines(PAIRS));
    const at = (path: string) => join(home, path);
    const lines = (path: string) =>
      Deno.readTextFileSync(at(path)).trim().split("\n").map((line) => JSON.parse(line));
    const record = (run: string): RunRecord =>
      JSON.parse(Deno.readTextFileSync(at(`${run}/record.json`)));
    const env = { INIT_CWD: home, SERA_CACHE: at("cache"), SERA_THREADS: "1", NO_COLOR: "1" };

    /**
     * A command as `deno task` runs it: in the repository, with the user's folder in INIT_CWD and
     * the task's permissions.
     */
    async function task(name: string, ...args: string[]) {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [...taskArguments(name), ...args],
        ...{ cwd: projectRoot, env },
      }).output();
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      return { code, out: text(stdout), err: text(stderr) };
    }
    // What processes left that were killed while they wrote.
    const outputs = ["answers", "scores/scored", "comparison/report", "comparison/records/compare"];
    for (const name of outputs) leaveBehind(at(`${name}.jsonl`));
    const OWN = ["--model", "my-model", "--data", "pairs.jsonl"];
    const align = (out: string, ...args: string[]) =>
      task("align", ...OWN, "--out", out, ...QUICK, ...args);
    /** What a command that fails says: one line, with nothing about a fault of the program. */
    async function refusal(name: string, ...args: string[]): Promise<string> {
      const { code, err } = await task(name, ...args);
      assert.ok(code === 1 || code === 2, `${code}: ${err}`);
      const last = err.trim().split("\n").at(-1) ?? "";
      assert.match(last, /^error: /, err);
      return last;
    }

    await t.step("1. align my model: the result lies where I stand", async () => {
      const { code, out, err } = await align("run", "--flip-labels", "0.2");
      assert.equal(code, 0, err);
      assert.match(out, /held-out accuracy by iteration: [\d., ]+ \(n = 4 pairs\)/);
      assert.ok(existsSync(at("run/adapter/adapter_model.safetensors")));
      assert.ok(existsSync(at("run/report.html")));
      assert.match(err, /chosen is longer in [\d.]+ %, as long as rejected in [\d.]+ %\n/);
    });

    await t.step("2. which of my labels are wrong", () => {
      const suspects = lines("run/suspects.jsonl");
      assert.equal(suspects.length, 36);
      const margins = suspects.map((each) => each.margin);
      assert.deepEqual(margins, margins.toSorted((a, b) => a - b));
      const [first] = suspects;
      const given = PAIRS[Number(first.id)];
      assert.equal(first.prompt, given?.prompt);
      assert.equal(first.chosen, first.flipped ? given?.rejected : given?.chosen);
      assert.deepEqual(first.source, { annotator: given?.annotator });
      assert.equal(first.margins["2"], first.margin);
      const flipped = suspects.map((each) => each.flipped);
      const rank = (value: boolean) => {
        const ranks = flipped.flatMap((each, i) => each === value ? [i] : []);
        return ranks.reduce((a, b) => a + b, 0) / ranks.length;
      };
      assert.ok(rank(true) < rank(false), "flipped labels come first");
      const report = Deno.readTextFileSync(at("run/report.html"));
      assert.match(report, /Labels in doubt[^]*annotator: rater \d[^]*label was flipped/);
    });

    await t.step("3. can I trust that: in-sample or cross-fitted, with the AUC", async () => {
      const { out, code, err } = await align("fitted", "--flip-labels", "0.2", "--cross-fit", "2");
      assert.equal(code, 0, err);
      assert.match(out, /labels in doubt: \d+ of 36 .*cross-fitted, AUC 0\.\d+ on the known/);
      assert.match(Deno.readTextFileSync(at("run/report.html")), /in-sample[^]*--cross-fit 5/);
    });

    await t.step(
      "4. more iterations go on from the finished ones, to the same result",
      async () => {
        const steps = at("run/steps/iteration-2.jsonl");
        const before = Deno.readTextFileSync(steps);
        const more = await align("run", "--flip-labels", "0.2", "--iterations", "3");
        assert.equal(more.code, 0, more.err);
        assert.match(more.err, /continuing the run .*iterations was 2, is 3/);
        assert.equal(Deno.readTextFileSync(steps), before, "iteration 2 is not done again");
        const whole = await align("whole", "--flip-labels", "0.2", "--iterations", "3");
        assert.equal(whole.code, 0, whole.err);
        assert.equal(record("run").resultSha256, record("whole").resultSha256);
        assert.deepEqual(record("run").iterations, record("whole").iterations);
        const fewer = await align("run", "--flip-labels", "0.2", "--iterations", "2");
        assert.match(fewer.err, /iterations was 3, is 2; choose another --out/);
      },
    );

    await t.step("5. curves for my tools", () => {
      const csv = Deno.readTextFileSync(at("run/metrics.csv")).trim().split("\n");
      assert.equal(csv.length, 5, "header, SFT model, three iterations");
      assert.match(csv[0] ?? "", /^iteration,.*heldOutAccuracy/);
      const [events] = [...Deno.readDirSync(at("run/tensorboard"))];
      assert.match(events?.name ?? "", /tfevents/);
    });

    await t.step("6. its config repeats the run elsewhere", async () => {
      const { code, err } = await task("align", "--config", "whole/config.yaml", "--out", "again");
      assert.equal(code, 0, err);
      assert.equal(record("again").resultSha256, record("whole").resultSha256);
    });

    await t.step("7. score pairs with the result, texts beside margins", async () => {
      const { code, err } = await task(
        "score",
        ...[...OWN, "--adapter", "run/adapter", "--out", "scores/scored.jsonl", "--texts"],
      );
      assert.equal(code, 0, err);
      const [row] = lines("scores/scored.jsonl");
      assert.equal(typeof row.irm, "number");
      assert.deepEqual(
        [row.prompt, row.chosen, row.source],
        [PAIRS[0]?.prompt, PAIRS[0]?.chosen, { annotator: "rater 0" }],
      );
    });

    await t.step("8. let the result answer my prompts", async () => {
      await Deno.writeTextFile(at("prompts.txt"), "red green\nold tea\n");
      const { code, err } = await task(
        "generate",
        ...["--model", "my-model", "--adapter", "run/adapter", "--prompts", "prompts.txt"],
        ...["--out", "answers.jsonl", "--max-new-tokens", "8"],
      );
      assert.equal(code, 0, err);
      assert.deepEqual(lines("answers.jsonl").map((row) => row.prompt), ["red green", "old tea"]);
    });

    await t.step("9. which method is better on my data", async () => {
      const args = [
        ...[...OWN, ...QUICK, "--responses", "8", "--flip-labels", "0.2", "--out", "comparison"],
        ...["--methods", "plain,select,sera", "--seeds", "2", "--jobs", "2"],
      ];
      const estimate = await task("compare", ...args, "--dry-run");
      assert.match(estimate.out, /^6 runs \(3 methods, 2 seeds\), 0 found, about .* to go/);
      const { code, out, err } = await task("compare", ...args);
      assert.equal(code, 0, err);
      assert.match(out, /6 runs: 0 found, 6 done, 0 failed/);
      assert.match(out, /against plain:\n {2}select . plain: [+-]\d\.\d+ \[.*\] over 2 seeds; /);
      assert.match(out, /agreement with labels: answers may get better while it falls/);
      const table = Deno.readTextFileSync(at("comparison/tables/compare_differences.csv"));
      for (
        const row of ["heldOutAccuracy,share,sera,plain", "flippedSelected,share,select,plain"]
      ) {
        assert.ok(table.includes(row), row);
      }
      const report = Deno.readTextFileSync(at("comparison/report.html"));
      assert.match(report, /Which method is better here[^]*Flipped labels[^]*Over iterations/);
      const again = await task("compare", ...args);
      assert.match(again.out, /6 runs: 6 found, 0 done, 0 failed/);
      assert.equal(Deno.readTextFileSync(at("comparison/report.html")), report);
    });

    await t.step("10. my data is a compressed CSV", async () => {
      const fields = ["prompt", "chosen", "rejected", "annotator"] as const;
      const rows = PAIRS.slice(0, 5).map((pair) => fields.map((name) => `"${pair[name]}"`).join());
      const csv = [fields.join(), ...rows].join("\n");
      await Deno.writeFile(at("pairs.csv.gz"), new Uint8Array(gzipSync(csv)));
      const { code, err } = await task(
        "score",
        ...["--model", "my-model", "--data", "pairs.csv.gz", "--out", "from-csv.jsonl"],
      );
      assert.equal(code, 0, err);
      assert.equal(lines("from-csv.jsonl").length, 5);
      assert.match(err, /ignored columns: annotator\n/);
    });

    await t.step("11. I wrote TRL's option", async () => {
      const said = (...args: string[]) => refusal("align", ...OWN, "--out", "o", ...args);
      assert.match(await said("--learning-rate", "1"), /did you mean --lr\?/);
      assert.match(await said("--per_device_train_batch_size", "1"), /did you mean --batch\?/);
      await Deno.writeTextFile(at("run.yaml"), "model: my-model\noutput_dir: o\n");
      assert.match(
        await refusal("align", "--config", "run.yaml"),
        /"output_dir"; did you mean out\?/,
      );
    });

    await t.step("12. a place that cannot be written is told before the work", async () => {
      const start = performance.now();
      for (const out of ["/proc/run", "pairs.jsonl/run"]) {
        const said = await refusal("align", ...OWN, "--out", out);
        assert.match(said, /cannot write|is a file/, said);
      }
      const file = await refusal("score", ...OWN, "--out", "/proc/x/scored.jsonl");
      assert.match(file, /cannot write \/proc\/x: .*choose a folder that you may write/);
      assert.ok(performance.now() - start < 60_000);
    });

    await t.step(
      "13. SeRA without its own pairs says so, and does not go on for long",
      async () => {
        const short = ["--max-new-tokens", "1", "--out", "short"];
        const two = await task("align", ...OWN, ...QUICK, ...short);
        assert.equal(two.code, 0, two.err);
        assert.match(
          two.err,
          /warning: iteration 2: bootstrapping gave 0 of the 11 pairs wanted \(272/,
        );
        assert.match(record("short").bootstrapping[0]?.warning ?? "", /raise --max-new-tokens/);
        assert.match(Deno.readTextFileSync(at("short/report.html")), /few own pairs.*272 of 272/s);
        const said = await refusal("align", ...OWN, ...QUICK, ...short, "--iterations", "3");
        assert.match(
          said,
          /gave 0 of the 11 pairs .*raise --max-new-tokens; iteration 2 gave none/,
        );
      },
    );

    await t.step("14. too little or unusual data is named with what to change", async () => {
      const few = await refusal("align", ...OWN, "--out", "few", "--limit", "1");
      assert.match(few, /1 pairs are too few.*--held-out.*raise --limit/);
      const transcript = { prompt: "\n\nHuman: Hi\n\nAssistant:", chosen: " Yes", rejected: " No" };
      await Deno.writeTextFile(at("hh.jsonl"), jsonLines([transcript]));
      const { err } = await task(
        "score",
        ...["--model", "my-model", "--data", "hh.jsonl", "--out", "hh-scored.jsonl"],
      );
      assert.match(err, /warning: 1 prompts are transcripts .*--chat-template never/);
    });

    await t.step(
      "15. the studies: what is missing, and that a smoke run means nothing",
      async () => {
        const { code, out, err } = await task(
          "reproduce",
          ...[
            "bootstrapping",
            "--preset",
            "smoke",
            "--tables",
            "--skip-notebooks",
            "--out",
            "studies",
          ],
        );
        assert.equal(code, 0, err);
        assert.match(out, /^a smoke run: numbers mean nothing\n/);
        assert.match(out, /0 of \d+ runs have their record; missing: \w+/);
        assert.match(
          out,
          /task reproduce bootstrapping --preset smoke --out \S+studies --arms \w+/,
        );
        assert.ok(existsSync(at("studies/smoke/tables")));
      },
    );

    await t.step("nothing half-written is left of any task", () => {
      assert.deepEqual(leftBehind(home), []);
    });

    await t.step("and `deno task` itself, called from that folder, takes its paths", async () => {
      const { INIT_CWD: _, ...outside } = { ...Deno.env.toObject(), ...env };
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["task", "--quiet", "--config", join(projectRoot, "deno.json"), "score", ...OWN],
          ...["--limit", "3", "--out", "by-task.jsonl"],
        ],
        ...{ cwd: home, env: outside, clearEnv: true },
      }).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      assert.equal(lines("by-task.jsonl").length, 3);
    });
  });
});
