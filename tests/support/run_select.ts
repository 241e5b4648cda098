import { join } from "node:path";
import { selectCommand } from "../../experiments/commands/select/options.ts";
import { select } from "../../experiments/commands/select/select.ts";
import { parseCommand } from "../../lib/cli/command.ts";
import { readPreferences } from "../../lib/data/read_preferences.ts";
import { silentProgress } from "../../lib/progress/progress_sink.ts";
import type { Prng } from "../../lib/random/prng.ts";
import { withTempDir } from "./temp_dir.ts";
import { jsonLines } from "./tiny_pairs.ts";

/** A record as JSON has it. */
export type Row = Record<string, unknown>;

/** Writes the inputs, runs `select` and reads what it wrote. */
export async function runSelect(
  files: Record<string, readonly Row[]>,
  args: readonly string[],
): Promise<{ kept: Row[]; dropped: Row[]; report: string; said: string }> {
  return await withTempDir(async (dir) => {
    for (const [name, rows] of Object.entries(files)) {
      await Deno.writeTextFile(join(dir, name), jsonLines(rows));
    }
    const placed = args.map((arg) => Object.hasOwn(files, arg) ? join(dir, arg) : arg);
    const out = join(dir, "kept.jsonl");
    const droppedPath = join(dir, "dropped.jsonl");
    const { options, given } = parseCommand(
      selectCommand,
      [...placed, "--out", out, "--dropped", droppedPath],
    );
    const said = await select(options, new Set(given.keys()), silentProgress);
    const rows = (path: string) =>
      Deno.readTextFileSync(path).split("\n").filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Row);
    if (rows(out).length > 0) await readPreferences(out);
    const report = Deno.readTextFileSync(`${out}.report.md`);
    return { kept: rows(out), dropped: rows(droppedPath), report, said };
  });
}

/** Pairs scored by one policy. Few different numbers, exact in binary: many margins are equal. */
export function scored(count: number, prng: Prng, policy: number, text: boolean): Row[] {
  const logp = () => -prng.integer(6);
  return Array.from({ length: count }, (_, i) => ({
    id: `p${i}`,
    ...(text
      ? { prompt: `q${i}`, chosen: `yes ${i}`, rejected: `no ${policy}`, source: "ab"[i % 2] }
      : {}),
    ...{ chosen_logp: logp(), rejected_logp: logp() },
    ...(text ? { ref_chosen_logp: logp(), ref_rejected_logp: logp() } : {}),
    ...(text ? { chosen_tokens: 2 ** prng.integer(3), rejected_tokens: 2 ** prng.integer(3) } : {}),
  }));
}
