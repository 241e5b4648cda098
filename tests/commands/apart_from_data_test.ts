/** No command writes over what it reads, or another part into a folder that is read as a whole. */
import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { generateResponsesByServer } from "../../experiments/commands/generate/generate_by_server.ts";
import { generateResponses } from "../../experiments/commands/generate/generate_responses.ts";
import { generateCommand } from "../../experiments/commands/generate/options.ts";
import { scoreCommand } from "../../experiments/commands/score/options.ts";
import { scorePairsByServer } from "../../experiments/commands/score/score_by_server.ts";
import { scorePairs } from "../../experiments/commands/score/score_pairs.ts";
import { selectCommand } from "../../experiments/commands/select/options.ts";
import { select } from "../../experiments/commands/select/select.ts";
import { parseCommand } from "../../lib/cli/command.ts";
import { silentProgress } from "../../lib/progress/progress_sink.ts";
import { assertUserError } from "../support/errors.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { jsonLines } from "../support/tiny_pairs.ts";

const SERVER = "http://127.0.0.1:9";

Deno.test("outputs among the parts of a data set are refused before anything is read", async () => {
  await withTempDir(async (dir) => {
    const at = (name: string) => join(dir, name);
    const rows = [0, 1].map((i) => ({
      ...{ id: i, prompt: "q", chosen: "c", rejected: "r", chosen_logp: -i, rejected_logp: -1 },
      ...{ ref_chosen_logp: -1, ref_rejected_logp: -1 },
    }));
    for (const shards of ["shards", "past"]) {
      await Deno.mkdir(at(shards));
      await Deno.writeTextFile(join(at(shards), "part-0.jsonl"), jsonLines(rows));
    }
    await Deno.symlink(at("shards"), at("link"));
    const runSelect = (...args: string[]) => {
      const { options, given } = parseCommand(selectCommand, ["--data", at("shards"), ...args]);
      return select(options, new Set(given.keys()), silentProgress);
    };
    const apart = ["--out", at("kept.jsonl")];
    await runSelect(...apart, "--history", at("past"));
    const refuses = (run: () => Promise<unknown>, option: string, folder = "shards") =>
      assertUserError(run, option, `lies in ${at(folder)}, of which every file is read as data`);
    const inside = ["--out", join(at("shards"), "new.jsonl")];
    await refuses(() => runSelect(...inside), "--out");
    await refuses(() => runSelect("--out", join(at("link"), "kept.jsonl")), "--out");
    await refuses(
      () => runSelect(...apart, "--dropped", join(at("shards"), "d.jsonl")),
      "--dropped",
    );
    const past = ["--history", at("past"), "--out", join(at("past"), "kept.jsonl")];
    await refuses(() => runSelect(...past), "--out", "past");

    const model = ["--model", at("model"), ...inside];
    const pairs = parseCommand(scoreCommand, ["--data", at("shards"), ...model]).options;
    await refuses(() => scorePairs(pairs, silentProgress), "--out");
    await refuses(() => scorePairsByServer(pairs, SERVER, silentProgress), "--out");
    const prompts = parseCommand(generateCommand, ["--prompts", at("shards"), ...model]).options;
    await refuses(() => generateResponses(prompts, silentProgress), "--out");
    await refuses(() => generateResponsesByServer(prompts, SERVER, silentProgress), "--out");
  });
});

Deno.test("outputs that are an input or another output are refused, however they are spelled", async () => {
  await withTempDir(async (dir) => {
    const at = (name: string) => join(dir, name);
    const row = {
      ...{ id: 0, prompt: "q", chosen: "c", rejected: "r", chosen_logp: 0, rejected_logp: -1 },
      ...{ ref_chosen_logp: -1, ref_rejected_logp: -1, response: "c", logp: 0, ref_logp: 0 },
    };
    const files = ["p.jsonl", "past.jsonl", "voter.jsonl", "own.jsonl", "own_past.jsonl"];
    for (const name of files) await Deno.writeTextFile(at(name), jsonLines([row]));
    await Deno.symlink(at("p.jsonl"), at("link.jsonl"));
    await Deno.mkdir(at("parts"));
    await Deno.symlink(at("p.jsonl"), join(at("parts"), "part-0.jsonl"));
    await Deno.symlink(dir, at("here"));
    const spellings = [
      ...[at("p.jsonl"), `${dir}/./p.jsonl`, `${dir}/parts/../p.jsonl`, at("link.jsonl")],
      ...[join(at("here"), "p.jsonl"), relative(Deno.cwd(), at("p.jsonl"))],
    ];
    const over = (run: () => Promise<unknown>, option: string, input = at("p.jsonl")) =>
      assertUserError(run, `${option} `, `would write over ${input}, which is read`);
    const runSelect = (...args: string[]) => {
      const { options, given } = parseCommand(selectCommand, args);
      return select(options, new Set(given.keys()), silentProgress);
    };
    const data = ["--data", at("p.jsonl")], apart = ["--out", at("kept.jsonl")];
    for (const out of spellings) {
      await over(() => runSelect(...data, "--out", out), "--out");
      await over(() => runSelect(...data, ...apart, "--dropped", out), "--dropped");
      await over(() => runSelect(...data, ...apart, "--report", out), "--report");
      const model = ["--model", at("model"), "--out", out];
      const pairs = parseCommand(scoreCommand, [...data, ...model]).options;
      await over(() => scorePairs(pairs, silentProgress), "--out");
      await over(() => scorePairsByServer(pairs, SERVER, silentProgress), "--out");
      const ask = ["--prompts", at("p.jsonl"), ...model];
      const prompts = parseCommand(generateCommand, ask).options;
      await over(() => generateResponses(prompts, silentProgress), "--out");
      await over(() => generateResponsesByServer(prompts, SERVER, silentProgress), "--out");
    }
    const part = join(at("parts"), "part-0.jsonl");
    await over(() => runSelect("--data", at("parts"), "--out", at("p.jsonl")), "--out", part);
    const others = [
      ...["--history", at("past.jsonl"), "--candidates", at("own.jsonl")],
      ...["--candidates-history", at("own_past.jsonl")],
    ];
    for (const name of ["past.jsonl", "own.jsonl", "own_past.jsonl"]) {
      await over(() => runSelect(...data, ...others, "--out", at(name)), "--out", at(name));
    }
    const votes = ["--by", "votes", "--voters", at("voter.jsonl"), "--out", at("voter.jsonl")];
    await over(() => runSelect(...data, ...votes), "--out", at("voter.jsonl"));

    const twice = (...args: string[]) =>
      assertUserError(() => runSelect(...data, ...apart, ...args), "is what --out writes, too");
    await twice("--dropped", at("kept.jsonl"));
    await twice("--report", join(at("here"), "kept.jsonl"));
    await assertUserError(
      () => runSelect(...data, ...apart, "--dropped", `${at("kept.jsonl")}.report.md`),
      "--report",
      "is what --dropped writes, too",
    );
    for (const name of files) {
      assert.equal(Deno.readTextFileSync(at(name)), jsonLines([row]), `${name} changed`);
    }
    // A report beside the parts is read by nobody.
    const report = join(at("parts"), "report.md");
    await runSelect("--data", at("parts"), ...apart, "--report", report);
    assert.match(Deno.readTextFileSync(report), /1 of 1 pairs kept/);
  });
});
