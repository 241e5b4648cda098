import { pairLoss } from "../../lib/losses/pair_loss.ts";
import { withNllAnchor } from "../../lib/losses/nll_anchor.ts";
import type { LossConfig } from "../../lib/losses/loss_table.ts";
import { allLossCases, assertClose, batchOf, randomRows } from "./loss_cases.ts";

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

for (const config of allLossCases) {
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
