import assert from "node:assert/strict";
import { type ExternalModels, runExternal } from "../../lib/external/run_external.ts";
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
import { PAIRS, policyAndReference, SERA, STOPS } from "../sera/sera_run.ts";

await loadEngine();
const SEED = 5;

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
      const run = { iteration: t, seed: SEED, store: new MemoryStore(), progress: silentProgress };
      await trainIteration(policy, pairs, resolved, run);
      checkpoints[t] = await policy.snapshot();
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
  "the oracle": { selection: { rule: "oracle", keep: 0.5 }, bootstrap: null },
};

for (const [name, change] of Object.entries(cases)) {
  Deno.test(`models elsewhere train on the pairs of the built-in loop: ${name}`, async () => {
    const config = seraConfig(SERA, change);
    const { policy, reference } = await policyAndReference();
    const { iterations: expected } = await runSera({
      ...{ policy, reference, pairs: PAIRS, stopTokenIds: STOPS, config, seed: SEED },
    });
    disposeWithBase(policy);
    using models = await localModels(config);
    const trained: string[][] = [];
    const actual = await runExternal({
      ...{ pairs: PAIRS, config, seed: SEED },
      models: {
        ...models,
        train: async (t, start, pairs) => {
          trained.push(pairs.map(({ chosenIds, rejectedIds }) => `${chosenIds} > ${rejectedIds}`));
          await models.train(t, start, pairs);
        },
      },
    });
    assert.equal(actual.length, config.iterations);
    assert.ok(
      config.bootstrap === null || actual.at(-1)?.bootstrapped,
      "some pairs are bootstrapped",
    );
    expected.forEach(({ margins, selected, swapped, generated, dropped }, i) => {
      const { bootstrapped, ...own } = actual[i] as (typeof actual)[number];
      assert.deepEqual(own, { iteration: i + 1, margins, selected, swapped, dropped });
      assert.equal(bootstrapped, generated.length);
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

Deno.test("cross-fitting is refused", async () => {
  const config = seraConfig(SERA, { crossFit: 2 });
  using models = await localModels(config);
  await assert.rejects(runExternal({ pairs: PAIRS, config, seed: SEED, models }), {
    message: /cross-fitting does not go with --trainer/,
  });
});
