/** `select` reads the pairs twice: to score and to write them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { selectCommand } from "../../experiments/commands/select/options.ts";
import { select } from "../../experiments/commands/select/select.ts";
import { parseCommand } from "../../lib/cli/command.ts";
import { silentProgress } from "../../lib/progress/progress_sink.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { jsonLines } from "../support/tiny_pairs.ts";

const row = (id: string) => ({
  ...{ id, prompt: "q", chosen: "c", rejected: "r" },
  ...{ chosen_logp: -1, rejected_logp: -2, ref_chosen_logp: -1, ref_rejected_logp: -1 },
});

for (
  const [change, ids] of [
    ["another last record", ["a", "b", "x"]],
    ["another first record", ["x", "b", "c"]],
    ["a record less", ["a", "b"]],
    ["a record more", ["a", "b", "c", "d"]],
  ] as const
) {
  Deno.test(`pairs that change between the readings are refused: ${change}`, () =>
    withTempDir(async (dir) => {
      const [data, out] = [join(dir, "pairs.jsonl"), join(dir, "kept.jsonl")];
      await Deno.writeTextFile(data, jsonLines(["a", "b", "c"].map(row)));
      const { options, given } = parseCommand(selectCommand, ["--data", data, "--out", out]);
      const progress = {
        ...silentProgress,
        message: (text: string) => {
          if (text === "writing") Deno.writeTextFileSync(data, jsonLines(ids.map(row)));
        },
      };
      await assert.rejects(select(options, new Set(given.keys()), progress), {
        message: `${data} changed while it was read: run the same command again`,
      });
      assert.throws(() => Deno.statSync(out), Deno.errors.NotFound);
    }));
}
