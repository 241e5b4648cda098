/** A folder of parts is read as a whole: no command writes another part into it. */
import { join } from "node:path";
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
