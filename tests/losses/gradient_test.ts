import assert from "node:assert/strict";
import { logSigmoid } from "../../lib/losses/log_sigmoid.ts";
import { pairLoss } from "../../lib/losses/pair_loss.ts";
import { withNllAnchor } from "../../lib/losses/nll_anchor.ts";
import { sparseFlips } from "../../lib/losses/sparse_flips.ts";
import { tailCaps } from "../../lib/losses/tail_caps.ts";
import type { LossConfig } from "../../lib/losses/loss_table.ts";
import { allLossCases, assertClose, batchOf, lossCases, randomRows } from "./loss_cases.ts";

/** Checks B d(mean loss)/d(logp) against central differences, for both log-probabilities of all pairs. */
function checkGradients(
  config: LossConfig,
  rows: readonly (readonly number[])[],
  step: (logp: number) => number,
  relative: number,
  alpha: number,
): void {
  const evaluate = (values: readonly (readonly number[])[]) => {
    const batch = batchOf(values);
    return withNllAnchor(pairLoss(config, batch), batch, alpha);
  };
  const total = (values: readonly (readonly number[])[]): number =>
    evaluate(values).losses.reduce((a, b) => a + b);
  const out = evaluate(rows);
  const largest = out.losses.reduce((a, b) => Math.max(a, Math.abs(b)), 0) * rows.length;
  rows.forEach((row, i) => {
    [out.chosenGrads, out.rejectedGrads].forEach((grads, side) => {
      const h = step(row[side] as number);
      const shifted = (sign: number) =>
        rows.map((other, j) =>
          j === i ? other.map((value, k) => k === side ? value + sign * h : value) : other
        );
      const numeric = (total(shifted(1)) - total(shifted(-1))) / (2 * h);
      const rounding = 8 * Number.EPSILON * largest / h;
      assertClose(
        grads[i],
        numeric,
        relative * Math.max(Math.abs(numeric), 1e-3) + rounding,
        `${JSON.stringify(config)}, pair ${i} (${row}), ${side === 0 ? "chosen" : "rejected"}`,
      );
    });
  });
}

// wDPO's weights carry no gradient, so its loss is not what the gradient is of: see the test below.
for (const config of allLossCases.filter(({ name }) => name !== "wdpo")) {
  Deno.test(`gradient equals finite differences: ${JSON.stringify(config)}`, () => {
    // Log-probabilities of about 1e1, so a step of 1e-5 truncates at 1e-10 and rounds at 1e-10.
    checkGradients(config, randomRows(12, 7), () => 1e-5, 2e-6, 0);
    checkGradients(config, randomRows(5, 8), () => 1e-5, 2e-6, 0.3);
  });

  Deno.test(`gradient is exact at extremes: ${JSON.stringify(config)}`, () => {
    // Differences of log-probabilities from 1e2 to 1e7 nats, at every combination of lengths.
    for (
      const [policyChosen, policyRejected] of [[1.7, 1.1e3], [1.3e5, 1.7], [1.1e7, 2.1e3], [
        2.3e3,
        1.9e7,
      ]] as const
    ) {
      for (const [chosenLength, rejectedLength] of [[1, 1], [1, 50_000], [50_000, 1]] as const) {
        const row = [-policyChosen, -policyRejected, -11, -12, chosenLength, rejectedLength];
        checkGradients(config, [row], (logp) => 1e-4 * Math.abs(logp), 1e-5, 0);
      }
    }
  });
}

Deno.test("wDPO's gradient equals finite differences with its weights held", () => {
  const [first, second] = lossCases.wdpo;
  for (const config of [first, second]) {
    if (config === undefined) throw new Error("two cases");
    const rows = randomRows(12, 7);
    const out = pairLoss(config, batchOf(rows));
    const flips = sparseFlips(out.margins, config.flipBudget, config.flipTemperature);
    assert.ok(flips.some((weight) => weight > 0), "the case turns labels round");
    const mixed = (z: number, i: number) =>
      -(1 - flips[i]!) * logSigmoid(z) - flips[i]! * logSigmoid(-z);
    const losses = out.margins.map(mixed);
    // The caps' weights from the losses that came out: L = M + r (T - M).
    const { threshold } = tailCaps(losses, config.tailQuantile, 0);
    const caps = losses.map((loss, i) =>
      loss > threshold ? (out.losses[i]! - loss) / (threshold - loss) : 0
    );
    assert.ok(caps.some((weight) => weight > 0.05), "the case caps losses");
    const h = 1e-5;
    out.margins.forEach((z, i) => {
      const slope = (1 - caps[i]!) * (mixed(z + h, i) - mixed(z - h, i)) / (2 * h);
      assertClose(out.chosenGrads[i], config.beta * slope, 1e-9, `pair ${i}, chosen`);
      assertClose(out.rejectedGrads[i], -config.beta * slope, 1e-9, `pair ${i}, rejected`);
    });
  }
});
