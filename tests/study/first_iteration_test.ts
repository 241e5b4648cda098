/** Runs of one process that begin alike share iteration 1, and give the records of runs alone. */
import assert from "node:assert/strict";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { smallLanguage } from "../../lib/environments/small_language/environment.ts";
import { silentProgress } from "../../lib/progress/progress_sink.ts";
import { methods } from "../../lib/sera/methods.ts";
import { firstIterationsKept, storeWithFirstIteration } from "../../lib/study/first_iteration.ts";
import { runConfig } from "../../lib/study/run_config.ts";
import { runOne } from "../../lib/study/run_one.ts";
import { TINY } from "../environments/small_language/tiny_setting.ts";

await loadEngine();

const arms = {
  ...methods,
  explicit: {
    selection: { rule: "top", keep: 0.7, by: "explicit" },
    rewardModel: { learningRate: 3e-3 },
    bootstrap: null,
  },
  votes: {
    selection: { rule: "top", keep: 0.7, by: "votes" },
    crossFit: 2,
    margin: "log-ratio",
    bootstrap: null,
  },
} as const;

const config = (arm: keyof typeof arms, learningRate = 1e-3) =>
  runConfig(smallLanguage, 0, [{
    setting: TINY,
    sera: { ...arms[arm], steps: 3, batch: 8, learningRate },
  }]);

Deno.test("a run after another of the same beginning gives what it gives alone", async () => {
  const cache = await Deno.makeTempDir();
  const context = { cache, progress: silentProgress };
  try {
    const run = (arm: keyof typeof arms, learningRate?: number) =>
      runOne(smallLanguage, config(arm, learningRate), context);
    const alone = await run("sera");
    const plain = await run("plain");
    assert.deepEqual(plain.volatile.iterations[0], alone.volatile.iterations[0], "time, too");
    for (const arm of ["explicit", "votes"] as const) {
      const rival = await run(arm);
      assert.deepEqual(rival.volatile.iterations[0], alone.volatile.iterations[0], arm);
      assert.deepEqual(rival.iterations[0], alone.iterations[0], arm);
    }
    const again = await run("sera");
    const { volatile: _a, ...steady } = alone;
    const { volatile: _b, ...repeated } = again;
    assert.deepEqual(repeated, steady);
    assert.notDeepEqual(plain.iterations[1], alone.iterations[1]);
    const other = await run("plain", 2e-3);
    assert.notDeepEqual(other.iterations[0], plain.iterations[0]);
    // Enough others to push the first one out: it is done anew, to the same numbers.
    for (const rate of [3e-3, 4e-3, 5e-3, 6e-3]) await run("plain", rate);
    const fresh = await run("plain");
    assert.notDeepEqual(fresh.volatile.iterations[0], plain.volatile.iterations[0]);
    assert.deepEqual(fresh.iterations, plain.iterations);
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
});

Deno.test("of large policies one first iteration stays, of small ones several", async () => {
  assert.deepEqual([0, 2 ** 20, 2 ** 28, 2 ** 29, 2 ** 33].map(firstIterationsKept), [
    4,
    4,
    2,
    1,
    1,
  ]);
  /** Whether the first iteration of one seed is there after that of another has begun. */
  const stays = async (bytes: number, learningRate: number) => {
    const of = (seed: number) => storeWithFirstIteration({ ...config("sera", learningRate), seed });
    const data = { byteLength: bytes } as Float32Array;
    await of(7).savePolicy(1, new Map([["weight", { shape: [1], data }]]));
    assert.ok(await of(7).policy(1) !== undefined, "the methods of a seed follow each other");
    of(8);
    return await of(7).policy(1) !== undefined;
  };
  assert.equal(await stays(2 ** 20, 0.5), true);
  assert.equal(await stays(2 ** 30, 0.6), false);
});
