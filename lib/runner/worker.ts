/** A worker process of the studies: makes what runs share and does runs, one at a time. */
import { loadEngine } from "../engine/tensorflow.ts";
import type { Environment } from "../environments/environment.ts";
import { placeProgress } from "../progress/place_progress.ts";
import type { StudyRecord } from "../study/record.ts";
import type { RunConfig } from "../study/run_config.ts";
import { runOne } from "../study/run_one.ts";
import { serveTasks } from "./worker_protocol.ts";

/** What the parent asks for. */
export interface RunTask {
  readonly kind: "shared" | "run";
  readonly config: RunConfig;
  /** URL of the environment's module. */
  readonly module: string;
  /** Folder of what runs share. */
  readonly cache: string;
  /** File for the texts of a run's samples. */
  readonly samples?: string;
}

/** null for what runs share, which goes to the cache. */
export type RunTaskResult = StudyRecord | null;

if (import.meta.main) {
  await loadEngine();
  await serveTasks(
    async ({ kind, config, module, cache, samples }: RunTask, report): Promise<RunTaskResult> => {
      const { environment } = await import(module) as { environment: Environment };
      const context = {
        ...{ cache, progress: placeProgress(report) },
        ...(samples !== undefined && { samples }),
      };
      if (kind === "run") return await runOne(environment, config, context);
      await environment.makeShared(config.setting, config.seed, context);
      return null;
    },
  );
}
