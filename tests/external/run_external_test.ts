import assert from "node:assert/strict";
import type { ExternalModels } from "../../lib/external/external_models.ts";
import { runExternal } from "../../lib/external/run_external.ts";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { generate } from "../../lib/policy/generate.ts";
import type { Snapshot } from "../../lib/policy/language_model.ts";
import { sequenceLogps } from "../../lib/policy/sequence_logps.ts";
import { silentProgress } from "../../lib/progress/progress_sink.ts";
import { seraConfig, type SeraOptions } from "../../lib/sera/config.ts";
import { runSera } from "../../lib/sera/run_sera.ts";
import { MemoryStore } from "../../lib/sera/store.ts";
import { trainIteration } from "../../lib/sera/train_iteration.ts";
import { disposeWithBase } from "../policy/random_model.ts";
import { HELD_OUT, PAIRS, policyAndReference, SERA, STOPS } from "../sera/sera_run.ts";
import { assertUserError } from "../support/errors.ts";

await loadEngine();
const SEED = 5;

const input = (config: typeof SERA) => ({
  ...{ pairs: PAIRS, heldOut: HELD_OUT, config, seed: SEED },
  ...{ store: new MemoryStore(), progress: silentProgress },
});

/** The models of this process behind the interface of models elsewhere. */
async function localModels(config: typeof SERA): Promise<ExternalModels & Disposable> {
  const { policy, reference } = await policyAndReference();
  const checkpoints: Snapshot[] = [await policy.snapshot()];
  const at = (t: number) => {
    policy.restore(checkpoints[t] as Snapshot);
    return t === 0 ? reference : policy;
  };
  return {
    score: (t, _name, groups) => sequenceLogps(at(t), groups, { maxRows: config.maxRows }),
    respond: async (t, _name, prompts, options) => {
      // As `runSera` draws: chunk by chunk.
      const perChunk = Math.max(1, Math.floor(options.batch / options.responses));
      const out = [];
      for (let first = 0; first < prompts.length; first += perChunk) {
        out.push(
          ...await generate(at(t), prompts.slice(first, first + perChunk), {
            ...options,
            batch: perChunk * options.responses,
            stopTokenIds: STOPS,
            seed: SEED,
            path: ["respond", t + 1, first],
          }),
        );
      }
      return out;
    },
    train: async (t, start, pairs) => {
      at(start);
      const resolved = {
        ...config,
        steps: config.steps ?? 0,
        learningRate: config.learningRate ?? 0,
      };
      const store = new MemoryStore();
      const run = { iteration: t, seed: SEED, store, progress: silentProgress };
      await trainIteration(policy, pairs, resolved, run);
      checkpoints[t] = await policy.snapshot();
      return await store.rows(t);
    },
    [Symbol.dispose]: () => disposeWithBase(policy),
  };
}

const cases: Record<string, SeraOptions> = {
  "SeRA, four iterations": { iterations: 4 },
  "from the SFT model, against the previous policy": { initial: "sft", reference: "previous" },
  "a loss without a reference": { loss: { name: "simpo" }, learningRate: 0.05 },
  "relabelled": { selection: { rule: "relabel" }, bootstrap: null },
  "at random": { selection: { rule: "random", keep: 0.5 }, bootstrap: null },
  "the shortest": { selection: { rule: "shortest", keep: 0.5 }, bootstrap: null },
  "the oracle": { selection: { rule: "oracle", keep: 0.5 }, bootstrap: null },
};

for (const [name, change] of Object.entries(cases)) {
  Deno.test(`models elsewhere train on the pairs of the built-in loop: ${name}`, async () => {
    const config = seraConfig(SERA, change);
    const { policy, reference } = await policyAndReference();
    const { iterations: expected } = await runSera({
      ...{ policy, reference, pairs: PAIRS, heldOut: HELD_OUT, stopTokenIds: STOPS, config },
      ...{ seed: SEED, emptyResponses: "dropped" },
    });
    disposeWithBase(policy);
    using models = await localModels(config);
    const trained: string[][] = [];
    const run = await runExternal({
      ...input(config),
      models: {
        ...models,
        train: async (t, start, pairs) => {
          trained.push(pairs.map(({ chosenIds, rejectedIds }) => `${chosenIds} > ${rejectedIds}`));
          return await models.train(t, start, pairs);
        },
      },
    });
    assert.equal(run.iterations.length, config.iterations);
    assert.equal(run.steps.length, config.iterations * (config.steps as number));
    assert.ok(
      config.bootstrap === null || (run.iterations.at(-1)?.generated.length as number) > 0,
      "some pairs are bootstrapped",
    );
    expected.forEach(({ seconds: _, ...expected }, i) => {
      const { seconds: _own, ...own } = run.iterations[i] as (typeof run.iterations)[number];
      assert.deepEqual(own, expected); // margins, selection, own pairs, and every metric
      assert.ok(own.metrics.heldOutAccuracy !== null && own.metrics.trainLoss !== null);
      const { selected, swapped, generated } = expected;
      const offline = selected.map((at) => {
        const { chosenIds, rejectedIds } = PAIRS[at] as (typeof PAIRS)[number];
        return swapped.includes(at)
          ? `${rejectedIds} > ${chosenIds}`
          : `${chosenIds} > ${rejectedIds}`;
      });
      const made = generated.map((pair) => `${pair.chosenIds} > ${pair.rejectedIds}`);
      assert.deepEqual(trained[i], [...offline, ...made]);
    });
  });
}

Deno.test("what needs the model in this process is refused", async () => {
  using models = await localModels(SERA);
  const refused: [SeraOptions, RegExp][] = [
    [{ crossFit: 2 }, /^cross-fitting does not go with --trainer$/],
    [{ rewardModel: {} }, /^a reward model does not go with --trainer$/],
    [{ loss: { name: "kto" } }, /^the loss kto, whose .* does not go with --trainer$/],
  ];
  for (const [change, message] of refused) {
    const config = seraConfig(SERA, change);
    await assertUserError(() => runExternal({ ...input(config), models }), message);
  }
  const config = seraConfig(SERA, { selection: { rule: "oracle", keep: 0.5 } });
  const pairs = PAIRS.map(({ flipped: _, ...pair }) => pair);
  await assertUserError(
    () => runExternal({ ...input(config), models, pairs }),
    /^the oracle rule needs pairs whose flips are known$/,
  );
});

Deno.test("results are kept by few prompts at a time, and a run that was killed between goes on", async () => {
  const config = seraConfig(SERA, { iterations: 3 });
  using models = await localModels(config);
  const whole = await runExternal({ ...input(config), models });
  const plain = ({ iterations }: typeof whole) =>
    iterations.map(({ seconds: _, ...iteration }) => iteration);

  /** Names of the values kept, with how many prompts each has. */
  const kept = new Map<string, number>();
  let asked = 0;
  let last = Infinity;
  class Store extends MemoryStore {
    override async once<T>(name: string, compute: () => Promise<T>): Promise<T> {
      if (kept.size >= last) throw new Error("killed");
      const value = await super.once(name, compute);
      const { value: list } = value as { value: readonly unknown[] };
      if (!name.startsWith("updates/")) kept.set(name, list.length);
      return value;
    }
  }
  const store = new Store();
  const run = async () =>
    await runExternal({
      ...{ ...input(config), store, keptPrompts: 4 },
      models: {
        ...models,
        respond: (...request) => (asked++, models.respond(...request)),
      },
    });
  for (last = 1; last < 16; last += 5) await assert.rejects(run, /killed/);
  last = Infinity;
  assert.deepEqual(plain(await run()), plain(whole));
  const prompts = [...kept].filter(([name]) => name.startsWith("responses/iteration-2-"));
  assert.deepEqual(prompts, [["responses/iteration-2-0", 4], ["responses/iteration-2-1", 2]]);
  assert.deepEqual(
    [...kept].filter(([name]) => name.startsWith("logps/offline-by-0-")).map(([, count]) => count),
    [4, 4, 2],
  );
  asked = 0;
  assert.deepEqual(plain(await run()), plain(whole));
  assert.equal(asked, 0, "what is whole is not asked again");
});
