import { type ImplicitReward, rewardOf, usesReference } from "../losses/loss_config.ts";
import type { LossConfig } from "../losses/loss_table.ts";
import { UserError } from "../errors.ts";

/**
 * rho(y) = l_policy(y) - l_reference(y) of N completions, in nats [L: DPO].
 *
 * @throws {RangeError} where the arrays' lengths differ
 */
export function logRatios(policyLogps: Float64Array, referenceLogps: Float64Array): Float64Array {
  checkLength("referenceLogps", referenceLogps, policyLogps.length);
  return policyLogps.map((logp, i) => logp - (referenceLogps[i] as number));
}

/** Every kind of margin: see `MarginKind`. */
export const marginKinds: readonly MarginKind[] = ["own", "log-ratio", "per-token"];
/**
 * Which implicit reward ranks: the one that the loss optimises (`own`), or beta * rho against the SFT
 * model, summed (`log-ratio`) or divided by the completion's tokens (`per-token`).
 */
export type MarginKind = "own" | "log-ratio" | "per-token";

/** Whether the rewards of this kind read the reference's log-probabilities. */
export function rewardReadsReference(loss: LossConfig, kind: MarginKind): boolean {
  return kind !== "own" || usesReference(loss);
}

/**
 * The implicit reward of N completions under one policy, by the formula that `config`'s loss
 * optimises: beta * rho for DPO and its kin [P]; beta * l / |y| for SimPO and l for SLiC-HF, which
 * have no reference [I]. Other kinds than `own` are beta * rho for every loss, with the loss's beta
 * (IPO's tau) where it has a reference and 1 where it has none.
 *
 * @param policyLogps summed log-probabilities under the policy, nats, length N
 * @param referenceLogps the same under the reference; not read, and may be empty, for the own
 * rewards of reference-free losses
 * @param lengths completion tokens, the end-of-sequence token included, length N
 * @throws {RangeError} where the arrays' lengths differ
 * @throws {UserError} on a reward that is not finite, naming the completion
 */
export function implicitRewards(
  config: LossConfig,
  policyLogps: Float64Array,
  referenceLogps: Float64Array,
  lengths: Float64Array,
  kind: MarginKind = "own",
): Float64Array {
  const count = policyLogps.length;
  const needsReference = rewardReadsReference(config, kind);
  if (needsReference) checkLength("referenceLogps", referenceLogps, count);
  checkLength("lengths", lengths, count);
  const reward = kind === "own" ? rewardOf(config) : logRatioReward(config, kind);
  return policyLogps.map((logp, i) => {
    const referenceLogp = needsReference ? referenceLogps[i] as number : 0;
    const value = reward(logp, referenceLogp, lengths[i] as number);
    if (!Number.isFinite(value)) {
      throw new UserError(
        `the implicit reward of completion ${i} is ${value} (policy log-probability ${logp}, ` +
          `reference ${referenceLogp}, ${lengths[i]} tokens); check the model's weights`,
      );
    }
    return value;
  });
}

function logRatioReward(loss: LossConfig, kind: "log-ratio" | "per-token"): ImplicitReward {
  const beta = usesReference(loss) ? scaleOf(loss) : 1;
  return (policyLogp, referenceLogp, length) =>
    beta * (policyLogp - referenceLogp) / (kind === "per-token" ? length : 1);
}

/** The option that multiplies log-ratios: beta, or IPO's tau. */
function scaleOf(loss: LossConfig): number {
  return loss.name === "ipo" ? loss.tau : "beta" in loss ? loss.beta : 1;
}

function checkLength(name: string, values: Float64Array, count: number): void {
  if (values.length !== count) {
    throw new RangeError(`${name} has ${values.length} entries and policyLogps has ${count}`);
  }
}
