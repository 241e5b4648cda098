import { createPrng } from "../../lib/random/prng.ts";

const WORDS = ["red", "green", "blue", "old", "new", "tea", "sea", "sun", "run", "sit"];

/** Preference pairs of short random words, with prompts that differ. */
export function tinyPairs(
  count: number,
  seed: number,
): { prompt: string; chosen: string; rejected: string }[] {
  return Array.from({ length: count }, (_, i) => {
    const prng = createPrng(seed, "pair", i);
    const words = (n: number) =>
      Array.from({ length: n }, () => WORDS[prng.integer(WORDS.length)]).join(" ");
    return {
      prompt: `${i} ${words(2)}`,
      chosen: words(2 + prng.integer(3)),
      rejected: `${words(1 + prng.integer(4))} no`,
    };
  });
}

/** One JSON object a line. */
export function jsonLines(rows: readonly unknown[]): string {
  return rows.map((row) => JSON.stringify(row) + "\n").join("");
}
