import { type Clock, monotonicClock } from "../progress/progress_sink.ts";
import type { Snapshot } from "../policy/language_model.ts";
import type { SeraStore, StepRow, UpdateState } from "../sera/store.ts";
import { messageOf, UserError } from "../errors.ts";
import { plainText } from "../plain_text.ts";
import { CorruptCheckpoint, decodeCheckpoint, encodeCheckpoint } from "./checkpoint_file.ts";
import type { RunDirectory } from "./run_directory.ts";
import { sealJson, unsealJson } from "../files/sealed_json.ts";

/** Options of `RunStore`. */
export interface RunStoreOptions {
  /**
   * Seconds of training between two checkpoints: what a kill can cost. It decides no result.
   * Default 20.
   */
  readonly checkpointSeconds?: number;
  readonly clock?: Clock;
  /** Where a damaged file is told. Default: stderr. */
  readonly warn?: (message: string) => void;
}

/** Steps of one iteration fit below it, so that positions grow from one iteration to the next. */
const POSITIONS = 1_000_000;

const MOMENT = "moment:";
const POLICY = "policy:";

/**
 * Keeps what SeRA has computed in the run's folder, so that a killed run continues to the same
 * result: `values/` (log-probabilities, responses, evaluations), `policies/` (where each iteration
 * ended), `steps/` (one row an optimiser step) and checkpoints within an update.
 */
export class RunStore implements SeraStore {
  readonly #run: RunDirectory;
  readonly #interval: number;
  readonly #clock: Clock;
  readonly #warn: (message: string) => void;
  readonly #options: RunStoreOptions;
  /** "" or the name of a part of the run. */
  readonly #part: string;
  #savedAt: number;

  /** @param part see `within` */
  constructor(run: RunDirectory, options: RunStoreOptions = {}, part = "") {
    this.#run = run;
    this.#options = options;
    this.#part = part;
    this.#interval = options.checkpointSeconds ?? 20;
    this.#clock = options.clock ?? monotonicClock;
    this.#warn = options.warn ?? ((message) => console.error(`warning: ${plainText(message)}`));
    this.#savedAt = this.#clock();
  }

  /** Files of its own in the same folders: `policies/<name>-iteration-1.safetensors`. */
  within(name: string): RunStore {
    return new RunStore(this.#run, this.#options, this.#named(name));
  }

  /** Throws `TypeError` for a value that JSON cannot hold: a NaN is not kept in silence. */
  async once<T>(name: string, compute: () => Promise<T>): Promise<T> {
    const file = `values/${this.#named(name)}.json`;
    if (this.#run.has(file)) {
      try {
        return unsealJson(this.#run.readText(file)) as T;
      } catch (error) {
        this.#warn(`${this.#run.path(file)} is corrupt (${messageOf(error)}); computing anew`);
      }
    }
    const text = sealJson(await compute());
    this.#run.writeText(file, text);
    // This process goes on with what a later one would read.
    return unsealJson(text) as T;
  }

  policy(iteration: number): Promise<Snapshot | undefined> {
    const name = this.#policyName(iteration);
    if (!this.#run.has(name)) return Promise.resolve(undefined);
    try {
      return Promise.resolve(new Map(decodeCheckpoint(this.#run.readBytes(name)).tensors));
    } catch (error) {
      if (!(error instanceof CorruptCheckpoint)) throw error;
      const path = this.#run.path(name);
      this.#warn(`${path} is corrupt (${messageOf(error)}); doing iteration ${iteration} again`);
      this.#run.remove(name);
      return Promise.resolve(undefined);
    }
  }

  savePolicy(iteration: number, policy: Snapshot): Promise<void> {
    const chunks = encodeCheckpoint({ position: iteration, tensors: policy, state: {} });
    this.#run.writeBytes(this.#policyName(iteration), chunks);
    return Promise.resolve();
  }

  async afterStep(row: StepRow, state: () => Promise<UpdateState>): Promise<void> {
    this.#run.appendJsonl(this.#stepsName(row.iteration), row);
    if (this.#clock() - this.#savedAt >= this.#interval) await this.#saveCheckpoint(state);
  }

  async #saveCheckpoint(state: () => Promise<UpdateState>): Promise<void> {
    const { iteration, step, policy, moments } = await state();
    if (step >= POSITIONS) throw new RangeError(`step ${step} of an iteration is too many`);
    this.#run.saveCheckpoint({
      position: iteration * POSITIONS + step,
      tensors: new Map([...prefixed(POLICY, policy), ...prefixed(MOMENT, moments)]),
      state: { iteration, step },
    }, this.#part);
    this.#savedAt = this.#clock();
  }

  resume(iteration: number): Promise<UpdateState | undefined> {
    this.#savedAt = this.#clock();
    const checkpoint = this.#run.loadLatestCheckpoint(this.#part);
    const ours = checkpoint !== undefined && checkpoint.state.iteration === iteration
      ? checkpoint
      : undefined;
    const step = ours === undefined ? 0 : Number(ours.state.step);
    if (!Number.isSafeInteger(step) || step < 0) {
      throw new UserError(
        `${this.#run.folder}: its checkpoint names step ${ours?.state.step}; it was made by hand: ` +
          "choose another --out",
      );
    }
    this.#run.keepJsonl(this.#stepsName(iteration), step);
    return Promise.resolve(
      ours && {
        iteration,
        step,
        policy: withPrefix(POLICY, ours.tensors),
        moments: withPrefix(MOMENT, ours.tensors),
      },
    );
  }

  rows(iteration: number): Promise<StepRow[]> {
    return Promise.resolve(this.#run.readJsonl(this.#stepsName(iteration)) as StepRow[]);
  }

  /** Rows of the iterations 1 to `iterations`, in order. */
  steps(iterations: number): StepRow[] {
    return Array.from(
      { length: iterations },
      (_, i) => this.#run.readJsonl(this.#stepsName(i + 1)) as StepRow[],
    ).flat();
  }

  #policyName(iteration: number): string {
    return `policies/${this.#named(`iteration-${iteration}`)}.safetensors`;
  }

  #stepsName(iteration: number): string {
    return `steps/${this.#named(`iteration-${iteration}`)}.jsonl`;
  }

  #named(name: string): string {
    return this.#part === "" ? name : `${this.#part}-${name}`;
  }
}

function prefixed(prefix: string, tensors: Snapshot): [string, Tensor][] {
  return [...tensors].map(([name, tensor]) => [prefix + name, tensor]);
}

function withPrefix(prefix: string, tensors: ReadonlyMap<string, Tensor>): Snapshot {
  return new Map(
    [...tensors].filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );
}

type Tensor = Snapshot extends Map<string, infer T> ? T : never;
