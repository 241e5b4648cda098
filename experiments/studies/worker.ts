/** A worker process of the studies: trains SFT models and does runs, one at a time. */
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import type { StudyRecord } from "../../lib/results/study_record.ts";
import { serveTasks } from "../reproduce/worker_protocol.ts";
import type { RunSpec } from "./run_config.ts";
import { runSpec } from "./run_spec.ts";
import { openSftModel } from "./sft_cache.ts";

/** What the parent asks for. */
export interface StudyTask {
  readonly kind: "sft" | "run";
  readonly spec: RunSpec;
  /** Folder of trained SFT models. */
  readonly sftCache: string;
}

/** null for an SFT model, which goes to the cache. */
export type StudyTaskResult = StudyRecord | null;

if (import.meta.main) {
  await loadEngine();
  await serveTasks(async ({ kind, spec, sftCache }: StudyTask): Promise<StudyTaskResult> => {
    if (kind === "run") return await runSpec(spec, sftCache);
    (await openSftModel(spec, sftCache)).dispose();
    return null;
  });
}
