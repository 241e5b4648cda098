/** Pairs that `deno task align` generates with SmolLM2, copied for TRL to read. */
import { join } from "node:path";
import { writePreferences } from "../../lib/data/write_jsonl.ts";
import { projectRoot } from "../../lib/engine/layout.ts";
import { readReference } from "../../tests/parity/references.ts";
import { testModel } from "./context.ts";
import { copyFile } from "./files.ts";

/** Aligns SmolLM2 on the reference pairs for two short iterations; writes `pairs.jsonl`. */
export async function writeGeneratedPairs(folder: string): Promise<void> {
  const data = join(folder, "data.jsonl"), run = join(folder, "run");
  const { pairs } = await readReference<
    { pairs: { prompt: string; chosen: string; rejected: string }[] }
  >("smollm2");
  writePreferences(data, pairs.map((pair, i) => ({ ...pair, id: String(i) })));
  const args = [
    ...["run", "-A", "--quiet", "experiments/commands/align/main.ts", "--model", testModel()],
    ...["--data", data, "--out", run, "--held-out", "0", "--iterations", "2", "--on-policy", "1"],
    ...["--responses", "4", "--rank", "4", "--batch", "4", "--seed", "0"],
  ];
  const child = new Deno.Command(Deno.execPath(), { args, cwd: projectRoot, stdin: "null" });
  const { success } = await child.spawn().status;
  if (!success) throw new Error("align failed");
  copyFile(join(run, "generated.jsonl"), join(folder, "pairs.jsonl"));
}
