/** Every draw has its own place: no two steps, iterations or chunks share one. */
import assert from "node:assert/strict";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import type { Response } from "../../lib/policy/generate.ts";
import { DiskStore, PAIRS, policyAndReference, PROMPTS, run } from "./sera_run.ts";

await loadEngine();

/** Nothing learns, so that runs differ by their draws alone. */
const STILL = { learningRate: 1e-30 };
const LONG = { maxNewTokens: 12, temperature: 2 };

Deno.test("dropout is drawn anew in every step and iteration, by the seed", async () => {
  // Fresh adapters add nothing, whatever is dropped: train one iteration first.
  const losses = async (seed: number) => {
    const { policy, reference } = await policyAndReference();
    const snapshot = await policy.snapshot();
    for (const [name, { data }] of snapshot) {
      if (name.endsWith(".b")) data.forEach((_, i) => data[i] = 0.3 * Math.sin(i));
    }
    policy.restore(snapshot);
    // One pair, so that every step has the same batch.
    const config = { ...STILL, batch: 1, bootstrap: null, iterations: 2 };
    const pairs = PAIRS.slice(1, 2);
    const { rows } = await run(config, { policy, reference, pairs, seed });
    return rows.map((row) => row.loss);
  };
  const first = await losses(0);
  assert.equal(first.length, 6);
  const rounded = new Set(first.map((loss) => loss.toFixed(4)));
  assert.equal(rounded.size, 6, `${first}`);
  assert.deepEqual(await losses(0), first);
  assert.notDeepEqual((await losses(1)).map((l) => l.toFixed(4)), first.map((l) => l.toFixed(4)));
});

/** Texts of all responses kept by a store, by iteration and prompt. */
function responses(store: DiskStore, iteration: number): string[] {
  const chunks = [...store.disk.values].filter(([name]) =>
    name.startsWith(`responses/iteration-${iteration}-`)
  );
  return chunks.flatMap(([, text]) =>
    (JSON.parse(text) as { value: Response[][] }).value.flat().map((response) =>
      Array.from(response.ids).join()
    )
  );
}

Deno.test("each iteration and each chunk responds with draws of its own", async () => {
  const store = new DiskStore();
  // One prompt eight times, in four chunks: responses differ by their draws alone.
  const prompts = Array.from({ length: 8 }, () => PROMPTS[0]!);
  const bootstrap = { ...LONG, promptFactor: 8 / 3, responses: 2, batch: 4 };
  // The policy stands still, so that no pair can be ranked: the run ends after both draws.
  await assert.rejects(run({ ...STILL, bootstrap }, { prompts }, store), /gave 0 of the 3 pairs/);
  const all = [2, 3].map((iteration) => responses(store, iteration));
  for (const texts of all) {
    assert.equal(texts.length, 16);
    const long = texts.filter((text) => text.split(",").length > 6);
    assert.ok(long.length >= 4, "too short to tell draws apart");
    assert.equal(new Set(long).size, long.length, "a chunk repeats another's draws");
  }
  const shared = all[0]!.filter((text) => text.split(",").length > 6 && all[1]!.includes(text));
  assert.deepEqual(shared, [], "an iteration repeats another's draws");
});

Deno.test("another batch is another draw of bootstrapped responses, from its second chunk on", async () => {
  const prompts = Array.from({ length: 8 }, () => PROMPTS[0]!);
  const drawn = async (batch: number) => {
    const store = new DiskStore();
    const bootstrap = { ...LONG, promptFactor: 8 / 3, responses: 2, batch };
    await assert.rejects(run({ ...STILL, bootstrap }, { prompts }, store), /gave 0 of the 3 pairs/);
    return responses(store, 2);
  };
  const chunks = await drawn(4), whole = await drawn(16);
  assert.equal(chunks.length, 16);
  assert.deepEqual(chunks.slice(0, 4), whole.slice(0, 4));
  const long = (texts: string[]) => texts.slice(4).filter((text) => text.split(",").length > 6);
  assert.ok(long(chunks).length >= 4, "too short to tell draws apart");
  assert.deepEqual(long(chunks).filter((text) => long(whole).includes(text)), []);
});

Deno.test("each iteration draws its prompts anew, and no prompt twice", async () => {
  const seen = new Map<number, number[]>();
  for (const seed of [0, 1]) {
    const { iterations } = await run({
      iterations: 6,
      bootstrap: { ...LONG, share: 0.4, promptFactor: 1, responses: 8, batch: 32 },
    }, { seed });
    for (const { iteration, generated } of iterations.slice(1)) {
      const used = generated.map((pair) => pair.promptIndex);
      assert.equal(new Set(used).size, used.length);
      for (const { promptIndex, promptIds } of generated) {
        assert.deepEqual(promptIds, PROMPTS[promptIndex]);
      }
      seen.set(10 * seed + iteration, used);
    }
  }
  const sets = new Set([...seen.values()].filter((used) => used.length === 4).map(String));
  assert.ok(sets.size >= 4, `the same prompts again: ${[...seen.values()].join(" | ")}`);
});
