/** Phases add up to the whole: no work of a model is left out, none is charged twice. */
import assert from "node:assert/strict";
import { ops } from "../../lib/engine/ops/ops.ts";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { smallLanguage } from "../../lib/environments/small_language/environment.ts";
import { silentProgress } from "../../lib/progress/progress_sink.ts";
import type { SeraOptions } from "../../lib/sera/config.ts";
import { methods } from "../../lib/sera/methods.ts";
import { phases } from "../../lib/sera/phase_clock.ts";
import { runSera } from "../../lib/sera/run_sera.ts";
import type { SeraIteration } from "../../lib/sera/types.ts";
import { runConfig } from "../../lib/study/run_config.ts";
import { runOne } from "../../lib/study/run_one.ts";
import { TINY } from "../environments/small_language/tiny_setting.ts";
import { disposeWithBase } from "../policy/random_model.ts";
import { EVALUATION, HELD_OUT, PAIRS, policyAndReference, SERA, STOPS } from "./sera_run.ts";

await loadEngine();

/**
 * Runs `work` on a clock that a second passes on whenever a model calls an operation of the engine,
 * and never else.
 */
async function onWorkClock<T>(work: (seconds: () => number) => Promise<T>): Promise<T> {
  let seconds = 0;
  const kernel = ops() as unknown as Record<string, unknown>;
  const given = Object.entries(kernel);
  const now = performance.now;
  for (const [name, operation] of given) {
    if (typeof operation !== "function") continue;
    kernel[name] = (...args: unknown[]) => {
      seconds++;
      return operation.apply(kernel, args);
    };
  }
  performance.now = () => 1000 * seconds;
  try {
    return await work(() => seconds);
  } finally {
    performance.now = now;
    Object.assign(kernel, Object.fromEntries(given));
  }
}

const total = (iterations: readonly Pick<SeraIteration, "seconds">[]) =>
  iterations.reduce(
    (sum, { seconds }) => sum + phases.reduce((all, phase) => all + seconds[phase], 0),
    0,
  );

const cases: Record<string, SeraOptions> = {
  "plain DPO": methods.plain,
  "SeRA": methods.sera,
  "previous policy as reference": { ...methods.sera, reference: "previous" },
  "cross-fitted": { ...methods.select, crossFit: 2 },
  "plain SimPO": { ...methods.plain, loss: { name: "simpo" } },
  "KTO": { ...methods.sera, loss: { name: "kto" } },
  "KTO against the previous policy": {
    ...{ ...methods.plain, loss: { name: "kto" } },
    reference: "previous",
  },
  "explicit reward model": {
    ...{ selection: { rule: "top", keep: 0.7, by: "explicit" }, rewardModel: {} },
    bootstrap: { judge: "explicit" },
  },
};

for (const [name, changes] of Object.entries(cases)) {
  Deno.test(`${name}: phases and evaluation are all the work there is`, async () => {
    const models = await policyAndReference();
    try {
      await onWorkClock(async (seconds) => {
        const { iterations } = await runSera({
          ...{ ...models, pairs: PAIRS, heldOut: HELD_OUT, stopTokenIds: STOPS },
          ...{ evaluation: EVALUATION, config: { ...SERA, ...changes, iterations: 3 } },
        });
        assert.ok(seconds() > 100, `${seconds()} operations`);
        assert.equal(total(iterations), seconds());
      });
    } finally {
      models.reference.rotary.dispose();
      disposeWithBase(models.policy);
    }
  });
}

Deno.test("a reference that nothing but measurement reads is charged to it", async () => {
  const scoringOf = async (changes: SeraOptions) => {
    const models = await policyAndReference();
    try {
      return await onWorkClock(async () => {
        const { iterations } = await runSera({
          ...{ ...models, pairs: PAIRS, stopTokenIds: STOPS },
          config: { ...SERA, ...changes, bootstrap: null, iterations: 2 },
        });
        return iterations.map(({ seconds }) => seconds.scoring > 0);
      });
    } finally {
      models.reference.rotary.dispose();
      disposeWithBase(models.policy);
    }
  };
  const simpo = { loss: { name: "simpo" } } as const;
  assert.deepEqual(await scoringOf({ ...methods.plain }), [true, false], "DPO's loss reads it");
  assert.deepEqual(await scoringOf({ ...methods.plain, ...simpo }), [false, false]);
  assert.deepEqual(await scoringOf({ ...methods.select, ...simpo }), [false, true]);
  assert.deepEqual(
    await scoringOf({ ...methods.select, ...simpo, margin: "log-ratio" }),
    [true, true],
  );
});

Deno.test("a record's times are the whole run's, but for what environments prepare", async () => {
  const cache = await Deno.makeTempDir();
  try {
    await onWorkClock(async () => {
      const config = runConfig(smallLanguage, 0, [{
        setting: TINY,
        sera: { ...methods.sera, steps: 3, batch: 8, learningRate: 1e-3 },
      }]);
      const { volatile } = await runOne(smallLanguage, config, { cache, progress: silentProgress });
      const last = volatile.iterations.at(-1);
      const evaluation = volatile.iterations.reduce(
        (sum, each) => sum + (each.evaluationSeconds ?? NaN),
        0,
      );
      const charged = (last?.totalTrainingSeconds ?? NaN) + evaluation;
      assert.ok(volatile.seconds > 1000, `${volatile.seconds} operations`);
      assert.equal(charged, volatile.seconds);
    });
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
});
