/**
 * M_AP, alignment potential (Huang et al. 2025, arXiv 2503.01864): the explicit reward margin minus
 * the absolute implicit one, both as z-scores over the pairs, as in the authors' code
 * (`metric_selection.py`): what the policy has still to learn of the pair.
 *
 * Our reading: the explicit margin keeps its sign. The paper takes absolute values, as its reward
 * model makes the labels; labels that were given may be wrong, and the sign says so.
 *
 * @param explicit B margins of a reward model, positive where it agrees with the label
 * @param implicit B implicit reward margins
 * @throws {RangeError} where the lengths differ
 */
export function alignmentPotential(explicit: Float64Array, implicit: Float64Array): Float64Array {
  if (explicit.length !== implicit.length) {
    throw new RangeError(`${explicit.length} explicit and ${implicit.length} implicit margins`);
  }
  const target = zScores(explicit);
  const current = zScores(implicit.map(Math.abs));
  return target.map((value, i) => value - (current[i] as number));
}

/** Standardised by the population's standard deviation, as NumPy's default; 0 where all are equal. */
function zScores(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const deviation = Math.sqrt(variance);
  return values.map((value) => deviation === 0 ? 0 : (value - mean) / deviation);
}
