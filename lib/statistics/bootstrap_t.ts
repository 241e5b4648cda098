import { createPrng } from "../random/prng.ts";

/** Resamples: with one more, 2.5 % is a whole number of them. */
export const RESAMPLES = 9999;

/** Of a sum of squares, what its rounding may leave. */
const ROUNDING = 1e-12;

/** The distribution of (mean* - mean) / se* over resamples. */
export interface BootstrapT {
  /** The value below which a share p of the resamples lies: the p (B + 1)-th of B. */
  quantile(p: number): number;
  /** (1 + resamples with a statistic at least as large) / (1 + B). */
  upper(statistic: number): number;
  /** (1 + resamples with a statistic at most as large) / (1 + B). */
  lower(statistic: number): number;
}

/**
 * The studentised bootstrap (bootstrap-t, Efron 1982) of a mean: what the t distribution is replaced
 * by where values are skewed. Resamples are the same for every sample of one size, so that turned
 * signs turn the interval.
 *
 * @returns undefined where so many resamples have no spread that the 95 % interval is not finite
 */
export function bootstrapT(
  values: readonly number[],
  resamples = RESAMPLES,
): BootstrapT | undefined {
  const n = values.length;
  const drawn = indicesOf(n, resamples);
  const center = values.reduce((sum, value) => sum + value, 0) / n;
  const statistics = Float64Array.from({ length: resamples }, (_, resample) => {
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < n; i++) {
      const value = (values[drawn[resample * n + i] as number] as number) - center;
      sum += value;
      squares += value * value;
    }
    const mean = sum / n;
    // Of one value drawn n times rounding leaves a residue, which is no spread.
    const spread = squares - n * mean * mean;
    const variance = spread <= ROUNDING * squares ? 0 : spread / (n - 1);
    return mean / Math.sqrt(variance / n);
  }).sort();
  const quantile = (p: number) => {
    const rank = Math.round(p * (resamples + 1));
    return statistics[Math.min(resamples, Math.max(1, rank)) - 1] as number;
  };
  if (!Number.isFinite(quantile(0.025)) || !Number.isFinite(quantile(0.975))) return undefined;
  const below = (isBelow: (value: number) => boolean) => {
    let [low, high] = [0, resamples];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBelow(statistics[middle] as number)) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    quantile,
    upper: (statistic) => (1 + resamples - below((value) => value < statistic)) / (resamples + 1),
    lower: (statistic) => (1 + below((value) => value <= statistic)) / (resamples + 1),
  };
}

/** Drawn indices, `[resamples, n]`, by their sizes: all contrasts of a study have a few. */
const kept = new Map<string, Uint32Array>();

function indicesOf(n: number, resamples: number): Uint32Array {
  const key = `${n} ${resamples}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  const prng = createPrng(0, "bootstrap-t", n);
  const drawn = Uint32Array.from(
    { length: resamples * n },
    () => Math.floor(prng.seed32() / 2 ** 32 * n),
  );
  kept.set(key, drawn);
  return drawn;
}
