import { fingerprintJson } from "../files/fingerprint.ts";
import type { Snapshot } from "../policy/language_model.ts";
import { pastPolicies } from "../sera/past_policies.ts";
import { MemoryStore, type SeraStore, type StepRow } from "../sera/store.ts";
import type { RunConfig } from "./run_config.ts";

/** Values of iteration 1 and of the SFT model, which follow from the key of `firstIteration`. */
const SHARED =
  /^(logps\/(sft-offline|sft-held-out|policy-1-offline|policy-1-held-out)-|evaluation\/(sft|iteration-1)$)/;

/** First iterations kept, most of them: the conditions and seeds that runs are taken from in turn. */
const KEPT = 4;

/** Bytes that their policies may take where there is more than one. */
const KEPT_BYTES = 2 ** 29;

const kept = new Map<string, MemoryStore>();

/**
 * A store for one run that shares iteration 1 with the runs of this process that begin alike:
 * iteration 1 is a plain update on every pair, whatever selection and bootstrapping do later. Times
 * are those of the run that did the work.
 */
export function storeWithFirstIteration(config: RunConfig): SeraStore {
  const key = firstIterationKey(config);
  const first = kept.get(key) ?? new MemoryStore();
  kept.delete(key);
  kept.set(key, first); // the newest is last
  const bytes = [...kept.values()].reduce((most, store) => Math.max(most, store.policyBytes), 0);
  for (const old of [...kept.keys()].slice(0, -firstIterationsKept(bytes))) kept.delete(old);
  return new FirstIterationStore(first, pastPolicies(config.sera));
}

/** How many first iterations a process keeps whose policies take so many bytes each. */
export function firstIterationsKept(bytes: number): number {
  return Math.min(KEPT, Math.max(1, Math.floor(KEPT_BYTES / bytes)));
}

/** What iteration 1 depends on. */
function firstIterationKey({ version, environment, setting, seed, sera }: RunConfig): string {
  const { selection: _s, margin: _m, ensemble: _e, bootstrap: _b, crossFit: _c, ...rest } = sera;
  const { rewardModel: _w, iterations: _i, reference: _r, initial: _n, ...update } = rest;
  return fingerprintJson({ version, environment, setting, seed, update });
}

class FirstIterationStore implements SeraStore {
  readonly #first: MemoryStore;
  readonly #own: MemoryStore;

  constructor(first: MemoryStore, newest: number) {
    this.#first = first;
    this.#own = new MemoryStore(newest);
  }

  once<T>(name: string, compute: () => Promise<T>): Promise<T> {
    return (SHARED.test(name) ? this.#first : this.#own).once(name, compute);
  }

  policy(iteration: number): Promise<Snapshot | undefined> {
    return this.#of(iteration).policy(iteration);
  }

  savePolicy(iteration: number, policy: Snapshot): Promise<void> {
    return this.#of(iteration).savePolicy(iteration, policy);
  }

  afterStep(row: StepRow): Promise<void> {
    return this.#of(row.iteration).afterStep(row);
  }

  resume(iteration: number): Promise<undefined> {
    return this.#of(iteration).resume(iteration);
  }

  rows(iteration: number): Promise<StepRow[]> {
    return this.#of(iteration).rows(iteration);
  }

  within(name: string): SeraStore {
    return this.#own.within(name);
  }

  #of(iteration: number): MemoryStore {
    return iteration === 1 ? this.#first : this.#own;
  }
}
