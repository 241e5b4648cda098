/**
 * A toy training for run_directory_kill_test.ts: weights depend on every step before, each step
 * is logged, a checkpoint follows every third step. Arguments: folder, steps, and `hold` to keep
 * the folder open and do nothing, or `clock-back` for a clock that runs backwards from last year.
 */
import type { HostTensor } from "../../lib/policy/io/safetensors_writer.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { openRunDirectory } from "../../lib/storage/run_directory.ts";

const [folder, count, mode] = Deno.args as [string, string, string?];
if (mode === "clock-back") {
  const Before = Date;
  let now = Before.now() - 365 * 86_400_000;
  globalThis.Date = class extends Before {
    constructor(...of: [number?]) {
      super(of[0] ?? Date.now());
    }
    static override now = () => now -= 60_000;
  } as unknown as DateConstructor;
}
using run = openRunDirectory(folder, { steps: Number(count), seed: 7 });
console.log("open");
if (mode === "hold") await new Promise((resolve) => setTimeout(resolve, 60_000));
if (run.finished) Deno.exit(0);

const from = run.loadLatestCheckpoint();
let weights = from?.tensors.get("w")?.data.slice() ?? new Float32Array(5000);
run.keepJsonl("steps.jsonl", (from?.state.rows as number | undefined) ?? 0);
for (let step = (from?.position ?? 0) + 1; step <= Number(count); step++) {
  const prng = createPrng(7, "step", step);
  weights = weights.map((w) => Math.fround(w * 0.9 + prng.normal()));
  const rows = run.appendJsonl("steps.jsonl", { step, norm: Math.hypot(...weights) });
  if (step % 3 === 0) {
    const tensors = new Map<string, HostTensor>([["w", { shape: [5000], data: weights }]]);
    run.saveCheckpoint({ position: step, tensors, state: { rows } });
  }
}
run.writeBytes("final.bin", new Uint8Array(weights.buffer));
run.finish();
console.log("finished");
