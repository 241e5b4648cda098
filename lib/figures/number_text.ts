/** Numbers in figures, tooltips and sentences: with a true minus sign, and no more digits than tell. */

/** A mean with the ends of its interval; NaN where there is none. */
export interface Interval {
  /** The estimate. */
  readonly mean: number;
  /** Lower end. */
  readonly low: number;
  /** Upper end. */
  readonly high: number;
}

/** "1.36": two decimals, none from 100 on, more below 0.1. */
export function numberText(value: number): string {
  return signed(value, decimals(value), "");
}

/** "+0.23 [+0.16, +0.30]": a difference with its interval. */
export function intervalText(interval: Interval): string {
  const { mean, low, high } = interval;
  const places = decimals(Math.max(...[mean, low, high].map(Math.abs).filter(Number.isFinite)));
  return written(interval, (value) => signed(value, places, "+"));
}

/** "×1.26 [×1.17, ×1.35]": a ratio, from a difference of natural logarithms. */
export function ratioText(interval: Interval): string {
  return written(interval, (value) => `\u00d7${numberText(Math.exp(value))}`);
}

/** "1.36 [1.21, 1.50]", or the mean alone where there is no interval. */
export function meanText(interval: Interval): string {
  return written(interval, numberText);
}

function decimals(size: number): number {
  const magnitude = Math.abs(size);
  if (magnitude >= 100) return 0;
  if (magnitude >= 0.1 || magnitude === 0) return 2;
  return Math.min(8, 1 - Math.floor(Math.log10(magnitude)));
}

function signed(value: number, places: number, plus: string): string {
  const text = Math.abs(value).toFixed(places);
  return (value < 0 && Number(text) !== 0 ? "\u2212" : plus) + text;
}

function written({ mean, low, high }: Interval, text: (value: number) => string): string {
  return Number.isFinite(low) ? `${text(mean)} [${text(low)}, ${text(high)}]` : text(mean);
}
