/** Advances whose mean gives the rate. */
const WINDOW = 20;

/** An advance slower than this many times the median is taken for a pause (a suspended laptop). */
const PAUSE = 8;

/**
 * Seconds an item over the last 20 advances. One long pause does not spoil it: the slowest of five
 * or more advances count at most as 8 times the median.
 */
export class RateEstimator {
  #last: number;
  #advances: { readonly items: number; readonly seconds: number }[] = [];

  /** @param now the clock's reading in seconds when the work began */
  constructor(now: number) {
    this.#last = now;
  }

  /** `items` were done by the time `now`, in seconds. */
  add(items: number, now: number): void {
    if (items <= 0) return;
    this.#advances.push({ items, seconds: now - this.#last });
    this.#last = now;
    if (this.#advances.length > WINDOW) this.#advances.shift();
  }

  /** Seconds an item; `undefined` before the first one is done. */
  secondsPerItem(): number | undefined {
    if (this.#advances.length === 0) return undefined;
    const paces = this.#advances.map(({ items, seconds }) => seconds / items).sort((a, b) => a - b);
    const median = paces[paces.length >> 1] as number;
    const limit = this.#advances.length >= 5 && median > 0 ? PAUSE * median : Infinity;
    let items = 0;
    let seconds = 0;
    for (const advance of this.#advances) {
      items += advance.items;
      seconds += Math.min(advance.seconds, limit * advance.items);
    }
    return seconds / items;
  }
}
