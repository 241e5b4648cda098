/** DPO's implicit reward: beta (l_policy - l_reference) (Rafailov et al. 2023, arXiv 2305.18290, eq. 5). */
export function logRatioReward(
  { beta }: { readonly beta: number },
  policyLogp: number,
  referenceLogp: number,
): number {
  return beta * (policyLogp - referenceLogp);
}
