import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/**
 * A seeded source of random numbers, derived from a seed and a path of names.
 *
 * Streams with different paths are independent, and no stream carries state from one use to the
 * next: a killed run that derives the same path again draws the same numbers.
 */
export interface Prng {
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Standard normal (Box-Muller, one draw a call). */
  normal(): number;
  /** Uniform integer in [0, bound). */
  integer(bound: number): number;
  /** A shuffled copy (Fisher-Yates). */
  shuffle<T>(items: ArrayLike<T>): T[];
  /** A 32-bit seed for somebody else's generator. */
  seed32(): number;
}

/** 32-bit FNV-1a over UTF-16 code units, started from `basis`. */
function fnv1a(text: string, basis: number): number {
  let hash = basis >>> 0;
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193) >>> 0;
  }
  return hash;
}

/** MurmurHash3's 32-bit finaliser: spreads close seeds far apart. */
function finalise(hash: number): number {
  let h = hash >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b) >>> 0;
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35) >>> 0;
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * A generator for one purpose.
 *
 * @param seed the run's seed (integer)
 * @param path what the numbers are for, for example `createPrng(seed, "bootstrap", iteration)`
 */
export function createPrng(seed: number, ...path: (string | number)[]): Prng {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seed must be an integer, got ${seed}`);
  const hash = fnv1a(JSON.stringify([seed, ...path]), 0x811c9dc5);
  const generator = xoroshiro128plus(finalise(hash) | 0);
  const next32 = (): number => generator.next() >>> 0;
  const uniform = (): number => ((next32() >>> 5) * 67108864 + (next32() >>> 6)) / 9007199254740992;
  const integer = (bound: number): number => Math.floor(uniform() * bound);
  return {
    uniform,
    integer,
    normal: () => {
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      return radius * Math.cos(2 * Math.PI * uniform());
    },
    shuffle: <T>(items: ArrayLike<T>): T[] => {
      const copy = Array.from(items);
      for (let i = copy.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        [copy[i], copy[j]] = [copy[j] as T, copy[i] as T];
      }
      return copy;
    },
    seed32: next32,
  };
}
