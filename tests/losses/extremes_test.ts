import assert from "node:assert/strict";
import { pairLoss } from "../../lib/losses/pair_loss.ts";
import { logSigmoid, sigmoid } from "../../lib/losses/log_sigmoid.ts";
import { lossConfigFromOptions } from "../../lib/losses/loss_config.ts";
import { allLossCases, assertClose, batchOf } from "./loss_cases.ts";

Deno.test("log-sigmoid and sigmoid are exact far out", () => {
  assert.equal(logSigmoid(0), -Math.LN2);
  assert.equal(logSigmoid(-1e6), -1e6);
  assert.equal(logSigmoid(-750), -750);
  assert.ok(logSigmoid(1e6) === 0);
  // log sigmoid(x) = -exp(-x) + exp(-2x)/2 - ...: at 40 the second term is below rounding.
  assertClose(logSigmoid(40), -Math.exp(-40), 1e-16 * Math.exp(-40), "logSigmoid(40)");
  assert.equal(sigmoid(0), 0.5);
  assert.equal(sigmoid(1e6), 1);
  assert.equal(sigmoid(-1e6), 0);
  assertClose(sigmoid(-700), Math.exp(-700), 1e-14 * Math.exp(-700), "sigmoid(-700)");
  for (const x of [-37.5, -3, -1e-9, 1e-9, 3, 37.5]) {
    assertClose(sigmoid(x) + sigmoid(-x), 1, 1e-15, `sigmoid(${x}) + sigmoid(${-x})`);
    assertClose(Math.log(sigmoid(x)), logSigmoid(x), 1e-15, `log sigmoid(${x})`);
  }
});

Deno.test("every value is finite for log-probabilities from 0 to -1e12 and lengths from 1 to 1e6", () => {
  const sizes = [0, -1e-9, -1, -1e3, -1e6, -1e12];
  const rows = sizes.flatMap((chosen) =>
    sizes.flatMap((rejected) =>
      [[1, 1], [1, 1e6], [1e6, 1]].map((lengths) => [chosen, rejected, -3, -1e3, ...lengths])
    )
  );
  for (const config of allLossCases) {
    const out = pairLoss(config, batchOf(rows));
    for (const [name, values] of Object.entries(out) as [string, Float64Array][]) {
      const bad = values.findIndex((value) => !Number.isFinite(value));
      assert.equal(bad, -1, `${JSON.stringify(config)}: ${name} of ${rows[bad]} is ${values[bad]}`);
    }
  }
});

/** Loss and d/dl_w at z = +-1e4 and +-1e6, from the limits of the formulas: beta 0.1, rho_w = 10 z. */
const limits: [string, Record<string, number>, (z: number) => [number, number]][] = [
  ["dpo", {}, (z) => z > 0 ? [0, 0] : [-z, -0.1]],
  ["slic", {}, (z) => z > 0 ? [0, 0] : [1 - z, -0.1]],
  ["cdpo", { epsilon: 0.25 }, (z) => z > 0 ? [0.25 * z, 0.025] : [-0.75 * z, -0.075]],
  ["rdpo", { epsilon: 0.25 }, (z) => z > 0 ? [-0.5 * z, -0.05] : [-1.5 * z, -0.15]],
  // 4a/(1+a)^2 = 0.75 at a = 3
  ["ropo", { alpha: 3 }, (z) => z > 0 ? [0, 0] : [0.75 * (3 - z), -0.075]],
];

Deno.test("losses reach the limits of their formulas", () => {
  for (const [name, options, limit] of limits) {
    for (const z of [-1e6, -1e4, 1e4, 1e6]) {
      const out = pairLoss(
        lossConfigFromOptions(name, { beta: 0.1, ...options }),
        batchOf([[10 * z - 1, -1, -1, -1, 5, 5]]),
      );
      const [loss, grad] = limit(z);
      assertClose(out.losses[0], loss, 1e-9 * Math.abs(z), `${name} at z = ${z}`);
      assertClose(out.chosenGrads[0], grad, 1e-15, `${name}'s gradient at z = ${z}`);
    }
  }
});
