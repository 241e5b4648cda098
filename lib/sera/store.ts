import type { Snapshot } from "../policy/language_model.ts";

/** An update under way, complete enough to go on with. */
export interface UpdateState {
  /** From 1. */
  readonly iteration: number;
  /** Steps done in this iteration. */
  readonly step: number;
  /** Trainable tensors. */
  readonly policy: Snapshot;
  /** AdamW's first and second moments. */
  readonly moments: Snapshot;
}

/** What one optimiser step did. Means run over the pairs of the step; all before the update. */
export interface StepRow {
  /** From 1. */
  readonly iteration: number;
  /** From 1 within the iteration. */
  readonly step: number;
  /** Mean loss, nats (its own unit for IPO, SLiC and SLiC-HF). */
  readonly loss: number;
  /** Mean reward margin by the formula that the loss optimises. */
  readonly margin: number;
  /** Share of pairs whose margin is positive (ties count half), in [0, 1]. */
  readonly accuracy: number;
  /** Mean policy log-probability of the chosen completions, nats. */
  readonly chosenLogp: number;
  /** Mean policy log-probability of the rejected completions, nats. */
  readonly rejectedLogp: number;
  /** Learning rate of the step, after schedule and warm-up. */
  readonly learningRate: number;
  /** L2 norm of the gradient before clipping. */
  readonly gradientNorm: number;
  /** Time of the step: the only figure that does not repeat. */
  readonly seconds: number;
}

/** Where a run keeps what it has computed, so that a killed one continues to the same result. */
export interface SeraStore {
  /** The value kept under a name, or computed now and kept. Values survive JSON exactly. */
  once<T>(name: string, compute: () => Promise<T>): Promise<T>;
  /** The policy that an iteration ended with; undefined if it has not ended. */
  policy(iteration: number): Promise<Snapshot | undefined>;
  /** Keeps the policy that an iteration ended with. */
  savePolicy(iteration: number, policy: Snapshot): Promise<void>;
  /** Called after every step; `state` is only made if the store wants a checkpoint now. */
  afterStep(row: StepRow, state: () => Promise<UpdateState>): Promise<void>;
  /** The last update state of this iteration; rows logged after it are dropped. */
  resume(iteration: number): Promise<UpdateState | undefined>;
  /** Rows of an iteration logged so far. */
  rows(iteration: number): Promise<StepRow[]>;
  /** A store of its own within this one, kept as long: another model trained in the same run. */
  within(name: string): SeraStore;
}

/** A store that lives as long as the process. */
export class MemoryStore implements SeraStore {
  readonly #newest: number;
  readonly #values = new Map<string, unknown>();
  readonly #policies = new Map<number, Snapshot>();
  #rows: StepRow[] = [];
  readonly #parts = new Map<string, MemoryStore>();

  /**
   * A store of all policies, so that the same run may be begun again, or of the newest.
   *
   * @param newest how many policies it keeps, and its parts one each: see `pastPolicies`
   */
  constructor(newest = Infinity) {
    this.#newest = newest;
  }

  /** Bytes of the policies that it keeps, without its parts'. */
  get policyBytes(): number {
    const tensors = [...this.#policies.values()].flatMap((policy) => [...policy.values()]);
    return tensors.reduce((sum, { data }) => sum + data.byteLength, 0);
  }

  async once<T>(name: string, compute: () => Promise<T>): Promise<T> {
    if (!this.#values.has(name)) this.#values.set(name, await compute());
    return this.#values.get(name) as T;
  }

  policy(iteration: number): Promise<Snapshot | undefined> {
    return Promise.resolve(this.#policies.get(iteration));
  }

  savePolicy(iteration: number, policy: Snapshot): Promise<void> {
    this.#policies.set(iteration, policy);
    for (const old of this.#policies.keys()) {
      if (old <= iteration - this.#newest) this.#policies.delete(old);
    }
    return Promise.resolve();
  }

  afterStep(row: StepRow): Promise<void> {
    this.#rows.push(row);
    return Promise.resolve();
  }

  /** Nothing of an unfinished update is kept. */
  resume(iteration: number): Promise<undefined> {
    this.#rows = this.#rows.filter((row) => row.iteration !== iteration);
    return Promise.resolve(undefined);
  }

  rows(iteration: number): Promise<StepRow[]> {
    return Promise.resolve(this.#rows.filter((row) => row.iteration === iteration));
  }

  within(name: string): MemoryStore {
    const part = this.#parts.get(name) ?? new MemoryStore(this.#newest === Infinity ? Infinity : 1);
    this.#parts.set(name, part);
    return part;
  }
}
