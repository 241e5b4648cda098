/** A SeRA run that takes a fraction of a second, and a store that can be killed. */
import type { TokenizedPair } from "../../lib/data/preference.ts";
import { engine } from "../../lib/engine/tensorflow.ts";
import type { GoldReward } from "../../lib/metrics/gold.ts";
import { LanguageModel, type Snapshot } from "../../lib/policy/language_model.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { seraConfig, type SeraOptions } from "../../lib/sera/config.ts";
import { runSera } from "../../lib/sera/run_sera.ts";
import type { SeraStore, StepRow, UpdateState } from "../../lib/sera/store.ts";
import type { Evaluation, SeraInput, SeraIteration, SeraRun } from "../../lib/sera/types.ts";
import { CONFIG, disposeWithBase, LORA, randomWeights } from "../policy/random_model.ts";

/** Three stop tokens of twenty: a third of the responses is over after two tokens. */
export const STOPS = [1, 2, 3];
const VOCABULARY = 20;

function ids(name: string, length: number): number[] {
  const prng = createPrng(4, name);
  return Array.from({ length }, () => 4 + prng.integer(VOCABULARY - 4));
}

function makePairs(kind: string, count: number): TokenizedPair[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `${kind} ${i}`,
    promptIds: Int32Array.from(ids(`${kind} prompt ${i}`, 1 + i % 3)),
    chosenIds: Int32Array.of(...ids(`${kind} chosen ${i}`, 1 + i % 4), STOPS[0]!),
    rejectedIds: Int32Array.of(...ids(`${kind} rejected ${i}`, 3 - i % 3), STOPS[0]!),
    flipped: i % 3 === 0,
  }));
}

export const PAIRS: readonly TokenizedPair[] = makePairs("train", 10);
export const HELD_OUT: readonly TokenizedPair[] = makePairs("held-out", 4);
export const PROMPTS: readonly Int32Array[] = PAIRS.slice(0, 8).map((pair) => pair.promptIds);

/** Ten pairs, of which 70 % are 7; three own pairs, from six prompts. */
export const SERA = seraConfig({
  loss: { name: "dpo", beta: 0.5 },
  steps: 3,
  batch: 4,
  learningRate: 0.02,
  warmup: 1 / 3,
  bootstrap: { promptFactor: 2, maxNewTokens: 8, batch: 8 },
});

/** A reward that likes high token ids, and a grammar without repetition. */
export const GOLD: GoldReward = {
  reward: (_, ids) => ids.reduce((sum, id) => sum + id, 0) / ids.length / VOCABULARY,
  valid: (_, ids) => new Set(ids).size === ids.length,
};

/** Samples to the held-out pairs' prompts. */
export const EVALUATION: Evaluation = {
  prompts: HELD_OUT.map((pair) => pair.promptIds),
  samplesPerPrompt: 3,
  maxNewTokens: 6,
  batch: 12,
  gold: GOLD,
};

/** What a run ends with: everything but its times. */
export interface Outcome extends Omit<SeraRun, "iterations"> {
  readonly iterations: readonly Omit<SeraIteration, "seconds">[];
  readonly weights: Snapshot;
  readonly rows: readonly Omit<StepRow, "seconds">[];
}

/** A policy with fresh adapters, and its base as the reference. */
export async function policyAndReference(dropout = 0.1): Promise<
  { policy: LanguageModel; reference: LanguageModel }
> {
  const config = { ...CONFIG, vocabSize: VOCABULARY, layers: 1 };
  const reference = new LanguageModel(config, await randomWeights(config, 5));
  return { policy: reference.withLora({ ...LORA, dropout }, 6), reference };
}

/** Runs SeRA from the start, or from what the store has, and frees the models. */
export async function run(
  changes: SeraOptions = {},
  input: Partial<SeraInput> = {},
  store: SeraStore & { readonly disk: Disk } = new DiskStore(),
): Promise<Outcome> {
  const { policy, reference } = { ...await policyAndReference(), ...input };
  try {
    const { iterations, ...rest } = await runSera({
      pairs: PAIRS,
      heldOut: HELD_OUT,
      prompts: PROMPTS,
      stopTokenIds: STOPS,
      config: seraConfig(SERA, changes),
      store,
      ...input,
      policy,
      reference,
    });
    return {
      ...rest,
      iterations: iterations.map(({ seconds: _, ...iteration }) => iteration),
      weights: copyOf(await policy.snapshot()),
      rows: store.disk.rows.map(({ seconds: _, ...row }) => row),
    };
  } finally {
    reference.rotary.dispose();
    disposeWithBase(policy);
  }
}

/** The same, with adapters without dropout, so that a row is what scoring gives. */
export async function runPlain(
  changes: SeraOptions,
  input: Partial<SeraInput> = {},
  store?: DiskStore,
): Promise<Outcome> {
  return await run(changes, { ...await policyAndReference(0), ...input }, store);
}

/** Rows of one iteration. */
export function rowsOf({ rows }: Outcome, iteration: number): Outcome["rows"] {
  return rows.filter((row) => row.iteration === iteration);
}

/** What outlives a killed process. */
export interface Disk {
  readonly values: Map<string, string>;
  readonly policies: Map<number, Snapshot>;
  rows: StepRow[];
  checkpoint: UpdateState | undefined;
  readonly parts: Map<string, Disk>;
}

export function emptyDisk(): Disk {
  return {
    values: new Map(),
    policies: new Map(),
    rows: [],
    checkpoint: undefined,
    parts: new Map(),
  };
}

/** Thrown where a process would have died. */
export class Killed extends Error {}

/** When a `DiskStore` dies, and how often it keeps an update's state. */
export interface DiskStoreOptions {
  readonly kill?: { readonly call: number; readonly when: "before" | "after" };
  readonly checkpointEvery?: number;
}

/** A store on a `Disk` that dies at a given call: before it has any effect, or right after. */
export class DiskStore implements SeraStore {
  readonly disk: Disk;
  /** Names of the calls so far. */
  readonly calls: string[];
  /** Names of the values computed here, not read back. */
  readonly computed: string[];
  readonly #kill: { readonly call: number; readonly when: "before" | "after" } | undefined;
  readonly #checkpointEvery: number;
  readonly #options: DiskStoreOptions;
  readonly #prefix: string;

  constructor(
    disk: Disk = emptyDisk(),
    options: DiskStoreOptions = {},
    whole?: { readonly prefix: string; readonly calls: string[]; readonly computed: string[] },
  ) {
    this.disk = disk;
    this.calls = whole?.calls ?? [];
    this.computed = whole?.computed ?? [];
    this.#options = options;
    this.#prefix = whole?.prefix ?? "";
    this.#kill = options.kill;
    this.#checkpointEvery = options.checkpointEvery ?? 1;
  }

  async #call<T>(name: string, effect: () => T | Promise<T>): Promise<T> {
    const dies = this.#kill?.call === this.calls.push(this.#prefix + name) - 1;
    if (dies && this.#kill?.when === "before") throw new Killed(name);
    const result = await effect();
    if (dies) throw new Killed(name);
    return result;
  }

  once<T>(name: string, compute: () => Promise<T>): Promise<T> {
    return this.#call(name, async () => {
      let text = this.disk.values.get(name);
      if (text === undefined) {
        text = JSON.stringify(await compute());
        this.computed.push(name);
        this.disk.values.set(name, text);
      }
      return JSON.parse(text) as T;
    });
  }

  policy(iteration: number): Promise<Snapshot | undefined> {
    return this.#call(`policy ${iteration}`, () => {
      const kept = this.disk.policies.get(iteration);
      return kept && copyOf(kept);
    });
  }

  savePolicy(iteration: number, policy: Snapshot): Promise<void> {
    return this.#call(
      `save ${iteration}`,
      () => void this.disk.policies.set(iteration, copyOf(policy)),
    );
  }

  afterStep(row: StepRow, state: () => Promise<UpdateState>): Promise<void> {
    return this.#call(`step ${row.iteration}.${row.step}`, async () => {
      this.disk.rows.push(row);
      if (row.step % this.#checkpointEvery !== 0) return;
      const { iteration, step, policy, moments } = await state();
      this.disk.checkpoint = {
        iteration,
        step,
        policy: copyOf(policy),
        moments: copyOf(moments),
      };
    });
  }

  resume(iteration: number): Promise<UpdateState | undefined> {
    return this.#call(`resume ${iteration}`, () => {
      const { checkpoint } = this.disk;
      const ours = checkpoint?.iteration === iteration ? checkpoint : undefined;
      this.disk.rows = this.disk.rows.filter((row) =>
        row.iteration !== iteration || row.step <= (ours?.step ?? 0)
      );
      return ours;
    });
  }

  rows(iteration: number): Promise<StepRow[]> {
    return this.#call(
      `rows ${iteration}`,
      () => this.disk.rows.filter((row) => row.iteration === iteration),
    );
  }

  /** Its calls count with those of the whole store. */
  within(name: string): DiskStore {
    const disk = this.disk.parts.get(name) ?? emptyDisk();
    this.disk.parts.set(name, disk);
    const { calls, computed } = this;
    return new DiskStore(disk, this.#options, { prefix: `${name} `, calls, computed });
  }
}

function copyOf(snapshot: Snapshot): Snapshot {
  return new Map(
    [...snapshot].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]),
  );
}

/** Live tensors now. */
export function liveTensors(): number {
  return engine().tf.memory().numTensors;
}
