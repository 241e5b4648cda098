import { mean } from "./mean.ts";

/** Token ids of one response. */
export type Tokens = ArrayLike<number>;

/** Different bigrams over all bigrams of all responses, in [0, 1]; NaN without a bigram. */
export function distinct2(responses: readonly Tokens[]): number {
  const seen = new Set<string>();
  let total = 0;
  for (const ids of responses) {
    for (let i = 1; i < ids.length; i++) {
      seen.add(`${ids[i - 1]} ${ids[i]}`);
      total++;
    }
  }
  return total === 0 ? NaN : seen.size / total;
}

/** Share of bigrams that already stood in the same response, averaged over responses. */
export function repetitionRate(responses: readonly Tokens[]): number {
  return mean(responses.map((ids) => {
    const bigrams = Array.from(
      { length: Math.max(0, ids.length - 1) },
      (_, i) => `${ids[i]} ${ids[i + 1]}`,
    );
    return bigrams.length === 0 ? 0 : 1 - new Set(bigrams).size / bigrams.length;
  }));
}
