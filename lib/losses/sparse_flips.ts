/**
 * How much of each label wDPO turns round: a sparse share of a batch's pairs, those whose loss would
 * fall most. The scores max(0, -z) / temperature (a label turned round changes the loss by -z) are
 * projected onto the simplex (sparsemax, Martins and Astudillo 2016), and the budget is spread by them.
 *
 * @param margins z of B pairs
 * @param budget mean weight over the batch, in [0, 1]
 * @param temperature above 0; smaller is sparser
 * @returns weights in [0, 1], length B; their mean is the budget unless too few pairs can take it
 */
export function sparseFlips(
  margins: Float64Array,
  budget: number,
  temperature: number,
): Float64Array {
  const total = budget * margins.length;
  const scores = margins.map((z) => Math.max(0, -z) / temperature);
  if (total === 0 || scores.every((score) => score === 0)) return new Float64Array(margins.length);
  const shares = sparsemax(scores);
  const weights = shares.map((share) => Math.min(1, total * share));
  // What full weights could not take goes to the others, once.
  const left = total - sum(weights);
  const room = sum(shares.filter((_, i) => (weights[i] as number) < 1));
  if (left < 1e-6 || room === 0) return weights;
  return weights.map((weight, i) =>
    weight < 1 ? Math.min(1, weight + left * (shares[i] as number) / room) : weight
  );
}

/** The nearest point of the simplex: at least 0, sum 1, often 0. */
function sparsemax(scores: Float64Array): Float64Array {
  const largest = scores.reduce((a, b) => Math.max(a, b));
  const sorted = scores.map((score) => score - largest).sort().reverse();
  let threshold = 0, running = 0;
  sorted.forEach((score, i) => {
    running += score;
    if (1 + (i + 1) * score > running) threshold = (running - 1) / (i + 1);
  });
  return scores.map((score) => Math.max(0, score - largest - threshold));
}

function sum(values: Float64Array): number {
  return values.reduce((a, b) => a + b, 0);
}
