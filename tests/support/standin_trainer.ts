/**
 * A trainer process that reads the pairs' ids and updates as the built-in loop does:
 * `standin_trainer.ts <job.json>`. It fails once where a file `fail` lies beside the SFT model.
 */
import { dirname, join } from "node:path";
import type { TrainerJob } from "../../lib/external/external_trainer.ts";
import { loadPolicy } from "../../lib/policy/load_policy.ts";
import { exportParameters } from "../../lib/policy/parameters.ts";
import { saveModelFolder } from "../../lib/policy/io/save.ts";
import { silentProgress } from "../../lib/progress/progress_sink.ts";
import type { ResolvedConfig } from "../../lib/sera/config.ts";
import { MemoryStore } from "../../lib/sera/store.ts";
import { trainIteration } from "../../lib/sera/train_iteration.ts";

const path = Deno.args[0] as string;
const job = JSON.parse(Deno.readTextFileSync(path)) as TrainerJob;
const order = join(dirname(job.sft), "fail");
if (job.iteration === 2 && await Deno.stat(order).then(() => true, () => false)) {
  Deno.removeSync(order);
  console.error("out of memory, as ordered");
  Deno.exit(3);
}
const { model, files } = await loadPolicy(job.start);
const policy = model.clone();
const ids = (list: unknown) => Int32Array.from(list as number[]);
const pairs = Deno.readTextFileSync(job.pairs).trimEnd().split("\n").map((line) => {
  const row = JSON.parse(line);
  return {
    ...{ id: row.id, promptIds: ids(row.prompt_ids) },
    ...{ chosenIds: ids(row.chosen_ids), rejectedIds: ids(row.rejected_ids) },
    ...{ referenceChosenLogp: row.ref_chosen_logps, referenceRejectedLogp: row.ref_rejected_logps },
  };
});
const store = new MemoryStore();
await trainIteration(policy, pairs, job.config as unknown as ResolvedConfig, {
  ...{ iteration: job.iteration, seed: job.seed, store, progress: silentProgress },
});
const rows = await store.rows(job.iteration);
Deno.writeTextFileSync(job.steps, rows.map((row) => JSON.stringify(row) + "\n").join(""));
Deno.mkdirSync(job.output, { recursive: true });
const tensors = await exportParameters(files.config, policy.base);
await saveModelFolder(job.output, files.config, tensors, files.sourceFiles);
console.log(`trained on ${pairs.length} pairs`);
