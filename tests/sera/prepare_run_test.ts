/** What a run fills in where nothing is told. */
import assert from "node:assert/strict";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { prepareRun } from "../../lib/sera/prepare_run.ts";
import type { SeraInput } from "../../lib/sera/types.ts";
import { disposeWithBase, fullModel } from "../policy/random_model.ts";
import { PAIRS, policyAndReference, STOPS } from "./sera_run.ts";

await loadEngine();

async function prepared(input: Partial<SeraInput>) {
  const models = { ...await policyAndReference(), ...input };
  const run = await prepareRun({ pairs: PAIRS, stopTokenIds: STOPS, ...input, ...models });
  models.reference.rotary.dispose();
  disposeWithBase(models.policy);
  return run;
}

Deno.test("steps, learning rate, own pairs and prompts follow from pairs and policy", async () => {
  const run = await prepared({ config: { batch: 4 } });
  assert.equal(run.config.steps, 3, "one epoch of ten pairs");
  assert.equal(run.config.learningRate, 1e-4, "LoRA's");
  assert.equal(run.keepOwn, 3, "30 % of ten");
  assert.deepEqual(run.wrong, PAIRS.map((_, i) => i % 3 === 0));
  assert.deepEqual([run.seed, run.heldOut, run.evaluation], [0, [], undefined]);
  const full = await prepared({ policy: await fullModel() });
  assert.equal(full.config.learningRate, 1e-6, "that of all weights");
  const told = await prepared({ config: { steps: 7, learningRate: 0.5 } });
  assert.deepEqual([told.config.steps, told.config.learningRate], [7, 0.5]);
});

Deno.test("a share of pairs is rounded, but at least one; none without bootstrapping", async () => {
  const own = async (share: number) =>
    (await prepared({ config: { bootstrap: { share } } })).keepOwn;
  assert.equal(await own(0.01), 1);
  assert.equal(await own(0.25), 3); // 2.5
  assert.equal(await own(2), 20);
  assert.equal((await prepared({ config: { bootstrap: null } })).keepOwn, 0);
});

Deno.test("prompts are those of the pairs, each once; flips are known of all pairs or of none", async () => {
  const twice = [...PAIRS, ...PAIRS.slice(2, 5).map((pair) => ({ ...pair, id: `${pair.id}'` }))];
  const { prompts } = await prepared({ pairs: twice });
  assert.deepEqual(prompts, PAIRS.map((pair) => pair.promptIds));
  const { flipped: _, ...unknown } = PAIRS[0]!;
  assert.equal((await prepared({ pairs: [...PAIRS.slice(1), unknown] })).wrong, undefined);
});
