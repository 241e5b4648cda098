import assert from "node:assert/strict";
import { UserError } from "../../lib/errors.ts";
import { defaultLossConfig, usesReference } from "../../lib/losses/loss_config.ts";
import { lossNames } from "../../lib/losses/loss_table.ts";
import { pairLoss } from "../../lib/losses/pair_loss.ts";
import { implicitRewards, logRatios } from "../../lib/margins/implicit_reward.ts";
import { implicitRewardMargins, pairMargins } from "../../lib/margins/implicit_reward_margin.ts";
import { createPrng } from "../../lib/random/prng.ts";

const of = (...values: number[]): Float64Array => Float64Array.from(values);

Deno.test("rho is the policy's log-probability less the reference's", () => {
  assert.deepEqual(logRatios(of(-3, -7.5), of(-4, -7)), of(1, -0.5));
  assert.throws(() => logRatios(of(-3, -7.5), of(-4)), RangeError);
});

Deno.test("implicit rewards: beta rho for DPO, beta l / |y| for SimPO without a reference", () => {
  assert.deepEqual(
    implicitRewards({ name: "dpo", beta: 0.5 }, of(-3, -7.5), of(-4, -7), of(2, 3)),
    of(0.5, -0.25),
  );
  assert.deepEqual(
    implicitRewards(
      { name: "simpo", beta: 2, gammaMarginRatio: 0.25 },
      of(-3, -7.5),
      of(),
      of(2, 3),
    ),
    of(-3, -5),
  );
});

Deno.test("margins are signed: a pair that the policy disagrees with is negative", () => {
  assert.deepEqual(implicitRewardMargins(of(1, 0, 2), of(0, 1, 2)), of(1, -1, 0));
  assert.throws(() => implicitRewardMargins(of(1), of()), RangeError);
});

Deno.test("the margins that rank pairs are those that the loss reports, for every loss", () => {
  const prng = createPrng(4, "margins");
  const draw = (): Float64Array =>
    Float64Array.from({ length: 20 }, () => -30 * prng.uniform() - 1);
  const lengths = (): Float64Array => Float64Array.from({ length: 20 }, () => 1 + prng.integer(9));
  const logps = {
    policyChosenLogps: draw(),
    policyRejectedLogps: draw(),
    referenceChosenLogps: draw(),
    referenceRejectedLogps: draw(),
    chosenLengths: lengths(),
    rejectedLengths: lengths(),
  };
  for (const name of lossNames) {
    const config = defaultLossConfig(name);
    assert.deepEqual(pairMargins(config, logps), pairLoss(config, logps).margins, name);
  }
  // Where policy and reference agree, every margin is 0 and nothing can be ranked, except by the
  // losses without a reference and by R-DPO's price of length.
  const initial = {
    ...logps,
    policyChosenLogps: logps.referenceChosenLogps,
    policyRejectedLogps: logps.referenceRejectedLogps,
  };
  for (const name of lossNames) {
    const config = defaultLossConfig(name);
    const flat = pairMargins(config, initial).every((margin) => margin === 0);
    assert.equal(flat, usesReference(config) && name !== "r-dpo", name);
  }
});

Deno.test("what cannot be rewarded is named", () => {
  const dpo = defaultLossConfig("dpo");
  assert.throws(() => implicitRewards(dpo, of(-1, -2), of(-1), of(1, 1)), /referenceLogps has 1/);
  assert.throws(() => implicitRewards(dpo, of(-1, -2), of(-1, -2), of(1)), /lengths has 1/);
  assert.throws(
    () => implicitRewards(dpo, of(-1, -2, NaN), of(-1, -2, -3), of(1, 1, 1)),
    (error) => error instanceof UserError && error.message.includes("completion 2 is NaN"),
  );
});
