import type { Snapshot } from "../../lib/policy/language_model.ts";
import { monotonicClock } from "../../lib/progress/progress_sink.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../lib/results/checkpoint_file.ts";
import type { RunDirectory } from "../../lib/results/run_directory.ts";
import type { SeraStore, StepRow, UpdateState } from "../../lib/training/sera_store.ts";

/** Rows of all steps, in order; `seconds` is the only figure that does not repeat. */
const STEPS = "steps.jsonl";

/** A step with the time it took. */
export interface TimedStep extends StepRow {
  readonly seconds: number;
}

/** Keeps a run in its folder: values, policies, step rows and checkpoints. */
export class DiskStore implements SeraStore {
  readonly #folder: RunDirectory;
  readonly #checkpointSeconds: number;
  #lastCheckpoint = monotonicClock();
  #lastStep = monotonicClock();

  constructor(folder: RunDirectory, checkpointSeconds: number) {
    this.#folder = folder;
    this.#checkpointSeconds = checkpointSeconds;
  }

  async once<T>(name: string, compute: () => Promise<T>): Promise<T> {
    const file = `work/${name}.json`;
    if (this.#folder.has(file)) return JSON.parse(this.#folder.readText(file)) as T;
    const text = JSON.stringify(await compute());
    this.#folder.writeText(file, text);
    this.#lastStep = monotonicClock();
    // What a later process reads is what this one goes on with.
    return JSON.parse(text) as T;
  }

  policy(iteration: number): Promise<Snapshot | undefined> {
    const name = policyName(iteration);
    if (!this.#folder.has(name)) return Promise.resolve(undefined);
    const { tensors } = decodeCheckpoint(this.#folder.readBytes(name));
    return Promise.resolve(new Map(tensors));
  }

  savePolicy(iteration: number, policy: Snapshot): Promise<void> {
    const bytes = encodeCheckpoint({ position: iteration, tensors: policy, state: {} });
    this.#folder.writeBytes(policyName(iteration), bytes);
    return Promise.resolve();
  }

  async afterStep(row: StepRow, state: () => Promise<UpdateState>): Promise<void> {
    const now = monotonicClock();
    const timed: TimedStep = { ...row, seconds: now - this.#lastStep };
    const rows = this.#folder.appendJsonl(STEPS, timed);
    if (now - this.#lastCheckpoint >= this.#checkpointSeconds) {
      const { iteration, step, policy, moments } = await state();
      const tensors = new Map([
        ...[...policy].map(([name, value]) => [`policy.${name}`, value] as const),
        ...[...moments].map(([name, value]) => [`moments.${name}`, value] as const),
      ]);
      this.#folder.saveCheckpoint({ position: rows, tensors, state: { iteration, step } });
      this.#lastCheckpoint = monotonicClock();
    }
    this.#lastStep = monotonicClock();
  }

  resume(iteration: number): Promise<UpdateState | undefined> {
    const saved = this.#folder.loadLatestCheckpoint();
    const state = saved?.state as { iteration: number; step: number } | undefined;
    this.#lastStep = monotonicClock();
    if (saved === undefined || state === undefined || state.iteration !== iteration) {
      this.#folder.keepJsonl(STEPS, this.#steps().filter((r) => r.iteration < iteration).length);
      return Promise.resolve(undefined);
    }
    this.#folder.keepJsonl(STEPS, saved.position);
    const part = (prefix: string): Snapshot =>
      new Map(
        [...saved.tensors].filter(([name]) => name.startsWith(prefix))
          .map(([name, value]) => [name.slice(prefix.length), value]),
      );
    return Promise.resolve({ ...state, policy: part("policy."), moments: part("moments.") });
  }

  rows(iteration: number): Promise<StepRow[]> {
    return Promise.resolve(this.#steps().filter((row) => row.iteration === iteration));
  }

  /** All steps logged so far. */
  steps(): TimedStep[] {
    return this.#steps();
  }

  #steps(): TimedStep[] {
    return this.#folder.readJsonl(STEPS) as TimedStep[];
  }
}

function policyName(iteration: number): string {
  return `policies/policy-${iteration}.safetensors`;
}
