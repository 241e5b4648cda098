/** `sft` and `align` on a tiny model of each architecture besides Llama; Mistral's is in the paper's tables. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { loadPolicy } from "../../lib/policy/load_policy.ts";
import { sequenceLogps } from "../../lib/policy/sequence_logps.ts";
import { ARCHITECTURES } from "../policy/random_model.ts";
import { runScript } from "../support/run_script.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { makeTinyModelFolder } from "../support/tiny_model.ts";
import { jsonLines, tinyPairs } from "../support/tiny_pairs.ts";

/** The adapter's modules where no others are told. */
const TARGETS = {
  "Qwen2": ["down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"],
  "Qwen3": ["down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"],
  "GPT-NeoX": ["dense", "dense_4h_to_h", "dense_h_to_4h", "query_key_value"],
} as const;

for (const [name, targets] of Object.entries(TARGETS)) {
  const changes = ARCHITECTURES[name as keyof typeof TARGETS];
  Deno.test(`${name}: sft, then align with pairs of its own; the adapter loads on the result of sft`, async () => {
    await withTempDir(async (dir) => {
      const [model, data] = [join(dir, "model"), join(dir, "pairs.jsonl")];
      const kvHeads = name === "GPT-NeoX" ? 2 : 1;
      await makeTinyModelFolder(model, { seed: 7, config: { ...changes, kvHeads } });
      await Deno.writeTextFile(data, jsonLines(tinyPairs(24, 3)));
      const common = ["--data", data, "--batch", "4", "--lr", "0.02", "--rank", "2"];
      // Long enough that responses come to their ends: only those make pairs.
      const tuned = await runScript("sft", [
        ...["--model", model, "--out", join(dir, "sft"), "--merge", "--steps", "20", ...common],
      ]);
      assert.equal(tuned.code, 0, tuned.stderr);
      const base = join(dir, "sft", "model");
      const aligned = await runScript("align", [
        ...["--model", base, "--out", join(dir, "run"), "--iterations", "2", ...common],
        ...["--responses", "16", "--max-new-tokens", "64", "--on-policy", "0.2"],
        ...["--evaluation-prompts", "2", "--steps", "3"],
      ]);
      assert.equal(aligned.code, 0, aligned.stderr);
      const own = Deno.readTextFileSync(join(dir, "run", "generated.jsonl"));
      assert.match(own, /"iteration":2/);
      const adapter = join(dir, "run", "adapter");
      const config = JSON.parse(Deno.readTextFileSync(join(adapter, "adapter_config.json")));
      assert.deepEqual(config.target_modules, targets);
      const group = { promptIds: Int32Array.of(5, 9, 30), completions: [Int32Array.of(40, 41, 7)] };
      const [plain, adapted] = await Promise.all([loadPolicy(base), loadPolicy(base, adapter)]);
      const [[before], [after]] = [
        (await sequenceLogps(plain.model, [group]))[0] as Float64Array,
        (await sequenceLogps(adapted.model, [group]))[0] as Float64Array,
      ];
      assert.ok(Number.isFinite(after) && Math.abs(after! - before!) > 1e-3, `${before} ${after}`);
    });
  });
}
