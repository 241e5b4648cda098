/**
 * KL(policy || reference) in nats per response, estimated on the policy's own samples.
 *
 * The k1 estimator: mean of `log pi(y|x) - log pi_ref(y|x)`, sums over completion tokens with
 * `<eos>`. Unbiased when the samples were drawn at temperature 1 without top-p; single runs may be
 * slightly negative.
 *
 * @throws RangeError for unequal lengths or no samples
 */
export function klPerResponse(
  policyLogps: ArrayLike<number>,
  referenceLogps: ArrayLike<number>,
): number {
  if (policyLogps.length !== referenceLogps.length || policyLogps.length === 0) {
    throw new RangeError(`KL of ${policyLogps.length} and ${referenceLogps.length} values`);
  }
  let sum = 0;
  for (let i = 0; i < policyLogps.length; i++) {
    sum += (policyLogps[i] as number) - (referenceLogps[i] as number);
  }
  return sum / policyLogps.length;
}
