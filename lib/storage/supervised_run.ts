import { type Clock, monotonicClock } from "../progress/progress_sink.ts";
import type { Snapshot } from "../policy/language_model.ts";
import { UserError } from "../errors.ts";
import type { SupervisedState, SupervisedStep, SupervisedStore } from "../training/supervised.ts";
import type { RunDirectory } from "./run_directory.ts";

const STEPS = "steps.jsonl";
const MOMENT = "moment:";
const POLICY = "policy:";

/** Keeps supervised training in a run's folder: `steps.jsonl` and checkpoints. */
export class SupervisedRun implements SupervisedStore {
  readonly #run: RunDirectory;
  readonly #interval: number;
  readonly #clock: Clock;
  #savedAt: number;

  /** @param seconds of training between two checkpoints; decides no result */
  constructor(run: RunDirectory, seconds: number, clock: Clock = monotonicClock) {
    this.#run = run;
    this.#interval = seconds;
    this.#clock = clock;
    this.#savedAt = clock();
  }

  /** @throws {UserError} for a checkpoint that was made by hand */
  resume(): { state: SupervisedState; rows: readonly SupervisedStep[] } | undefined {
    this.#savedAt = this.#clock();
    const checkpoint = this.#run.loadLatestCheckpoint();
    const step = checkpoint?.position ?? 0;
    this.#run.keepJsonl(STEPS, step);
    if (checkpoint === undefined) return undefined;
    const rows = this.rows();
    if (rows.length !== step) {
      throw new UserError(
        `${this.#run.folder}: its checkpoint names step ${step}, and ${rows.length} steps are ` +
          "logged; choose another --out",
      );
    }
    const part = (prefix: string): Snapshot =>
      new Map(
        [...checkpoint.tensors].filter(([name]) => name.startsWith(prefix))
          .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
      );
    return { state: { step, policy: part(POLICY), moments: part(MOMENT) }, rows };
  }

  async afterStep(row: SupervisedStep, state: () => Promise<SupervisedState>): Promise<void> {
    this.#run.appendJsonl(STEPS, row);
    if (this.#clock() - this.#savedAt < this.#interval) return;
    const { step, policy, moments } = await state();
    const named = (prefix: string, tensors: Snapshot) =>
      [...tensors].map(([name, tensor]) => [prefix + name, tensor] as const);
    this.#run.saveCheckpoint({
      position: step,
      tensors: new Map([...named(POLICY, policy), ...named(MOMENT, moments)]),
      state: { step },
    });
    this.#savedAt = this.#clock();
  }

  /** Every step that is logged, in order. */
  rows(): readonly SupervisedStep[] {
    return this.#run.readJsonl(STEPS) as SupervisedStep[];
  }
}
