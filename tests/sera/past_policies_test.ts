/** Which past policies a run reads: a store that keeps no others gives the same run. */
import assert from "node:assert/strict";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { seraConfig, type SeraOptions } from "../../lib/sera/config.ts";
import { heldPolicies, pastPolicies } from "../../lib/sera/past_policies.ts";
import { MemoryStore } from "../../lib/sera/store.ts";
import { assertUserError } from "../support/errors.ts";
import { run, SERA } from "./sera_run.ts";

await loadEngine();

const long = { iterations: 5, steps: 2 };
const cases: Readonly<Record<string, SeraOptions>> = {
  "the paper's ensemble": { ...long },
  "a uniform ensemble of two": { ...long, ensemble: { weighting: "uniform", window: 2 } },
  "no ensemble": { ...long, ensemble: { gamma: 0 } },
  "KTO against the previous policy": {
    ...{ ...long, loss: { name: "kto" }, reference: "previous", bootstrap: null },
  },
  "cross-fitted votes": {
    ...{ ...long, crossFit: 2, selection: { rule: "top", keep: 0.7, by: "votes" } },
  },
  "an explicit judge": { ...long, rewardModel: {}, bootstrap: { judge: "explicit" } },
};

Deno.test("a store of the policies that a run reads again gives what one of all does", async () => {
  for (const [name, changes] of Object.entries(cases)) {
    const newest = pastPolicies(seraConfig(SERA, changes));
    const store = new MemoryStore(newest);
    const short = await run(changes, { store });
    const whole = await run(changes, { store: new MemoryStore() });
    assert.deepEqual(short.iterations, whole.iterations, name);
    assert.deepEqual(short.weights, whole.weights, name);
    const kept = await Promise.all([1, 2, 3, 4, 5].map((t) => store.policy(t)));
    assert.equal(kept.filter((policy) => policy !== undefined).length, newest, name);
    const one = [...kept[4]!.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
    assert.equal(store.policyBytes, newest * one, name);
  }
  assert.equal(pastPolicies(seraConfig(SERA)), 3);
  assert.equal(pastPolicies(seraConfig(SERA, cases["no ensemble"]!)), 1);
  await assertUserError(
    () => run(long, { store: new MemoryStore(2) }),
    "the policy of iteration 1 is gone",
  );
});

Deno.test("what is held beside an update: past policies, shadows, a reward model", () => {
  const held = (changes: SeraOptions) => heldPolicies(seraConfig(SERA, changes));
  assert.deepEqual([1, 2, 3, 9].map((iterations) => held({ iterations })), [0, 0, 1, 3]);
  assert.equal(held({ iterations: 9, bootstrap: null }), 1);
  assert.equal(held({ iterations: 2, bootstrap: null, crossFit: 4 }), 5);
  assert.equal(held({ iterations: 2, bootstrap: null, rewardModel: {} }), 2);
});
