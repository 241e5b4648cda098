import assert from "node:assert/strict";
import type { SamplingRule } from "../../lib/policy/sampling.ts";

/** Softmax of logits / temperature after top-k, then top-p (the smallest set that reaches it). */
export function warpedProbabilities(logits: Float32Array, rule: SamplingRule): Float64Array {
  const order = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b);
  const top = logits[order[0]!]!;
  const weights = Float64Array.from(logits, (x) => Math.exp((x - top) / rule.temperature));
  const keep = (ids: number[]) => {
    const kept = new Set(ids);
    weights.forEach((_, id) => weights[id] = kept.has(id) ? weights[id]! : 0);
    const total = weights.reduce((a, b) => a + b, 0);
    weights.forEach((w, id) => weights[id] = w / total);
  };
  keep(rule.topK > 0 ? order.slice(0, rule.topK) : order);
  let mass = 0;
  const nucleus: number[] = [];
  for (const id of order) {
    if (mass >= rule.topP) break;
    nucleus.push(id);
    mass += weights[id]!;
  }
  keep(nucleus);
  return weights;
}

/** Pearson's chi-square within 4.5 standard deviations of its mean; nothing where p is 0. */
export function assertFrequencies(
  counts: ArrayLike<number>,
  probabilities: ArrayLike<number>,
): void {
  assert.equal(counts.length, probabilities.length);
  const draws = Array.from(counts).reduce((a, b) => a + b, 0);
  let statistic = 0, cells = 0, rareCount = 0, rare = 0;
  for (let i = 0; i < counts.length; i++) {
    const expected = draws * probabilities[i]!;
    if (expected === 0) assert.equal(counts[i], 0, `${i} has probability 0`);
    // Cells too small for the approximation are put together.
    if (expected < 5) {
      rareCount += counts[i]!;
      rare += expected;
      continue;
    }
    statistic += (counts[i]! - expected) ** 2 / expected;
    cells++;
  }
  if (rare >= 5) {
    statistic += (rareCount - rare) ** 2 / rare;
    cells++;
  }
  const freedom = cells - 1;
  const limit = freedom + 4.5 * Math.sqrt(2 * freedom);
  assert.ok(statistic <= limit, `chi-square ${statistic} with ${freedom} degrees of freedom`);
}
