import assert from "node:assert/strict";
import { UserError } from "../../lib/errors.ts";
import { defaultLossConfig, usesReference } from "../../lib/losses/loss_config.ts";
import { type LossConfig, lossNames } from "../../lib/losses/loss_table.ts";
import { pairLoss } from "../../lib/losses/pair_loss.ts";
import {
  implicitRewards,
  logRatios,
  type MarginKind,
  rewardReadsReference,
} from "../../lib/margins/implicit_reward.ts";
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
    referencePoint: 0.5,
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

Deno.test("log-ratio margins: DPO's own, and another order than SimPO's own", () => {
  // Two pairs: the policy says of both chosen responses what it says per token of the rejected ones;
  // the SFT model found the first chosen response unlikely, and the second likely.
  const [policy, reference] = [of(-8, -3), of(-12, -2.5)];
  const [rejected, rejectedReference] = [of(-4, -4), of(-4, -4)];
  const [lengths, rejectedLengths] = [of(8, 2), of(4, 4)];
  const margins = (loss: LossConfig, kind: MarginKind) => [
    ...implicitRewardMargins(
      implicitRewards(loss, policy, reference, lengths, kind),
      implicitRewards(loss, rejected, rejectedReference, rejectedLengths, kind),
    ),
  ];
  const simpo = defaultLossConfig("simpo");
  assert.deepEqual(margins(simpo, "own"), [0, -1]);
  assert.deepEqual(margins(simpo, "log-ratio"), [4, -0.5]); // no reference, so beta is 1
  assert.deepEqual(margins(simpo, "per-token"), [0.5, -0.25]);
  const slicHf = defaultLossConfig("slic-hf");
  assert.deepEqual(margins(slicHf, "own"), [-4, 1]);
  assert.deepEqual(margins(slicHf, "log-ratio"), [4, -0.5], "the order is the other one");
  const dpo = { name: "dpo", beta: 0.5 } as const;
  assert.deepEqual(margins(dpo, "log-ratio"), margins(dpo, "own"));
  assert.deepEqual(margins(dpo, "log-ratio"), [2, -0.25]);
  assert.deepEqual(margins(dpo, "per-token"), [0.25, -0.125]);
  const ipo = { name: "ipo", tau: 0.5, average: true } as const;
  assert.deepEqual(margins(ipo, "log-ratio"), [2, -0.25], "tau is IPO's beta");
  assert.deepEqual(margins(ipo, "per-token"), margins(ipo, "own"));
  const rdpo = { name: "r-dpo", beta: 0.5, alpha: 1 } as const;
  assert.deepEqual(margins(rdpo, "log-ratio"), [2, -0.25], "without the price of length");

  for (const name of lossNames) {
    const loss = defaultLossConfig(name);
    for (const kind of ["own", "log-ratio", "per-token"] as const) {
      const reads = usesReference(loss) || kind !== "own";
      assert.equal(rewardReadsReference(loss, kind), reads);
      const without = () => implicitRewards(loss, policy, of(), lengths, kind);
      if (reads) assert.throws(without, /referenceLogps has 0/);
      else without();
    }
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
