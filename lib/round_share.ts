/**
 * share * total as the decimal product has it: 0.7 * 45 is 31.5, though the floating-point product
 * lies just below. What is rounded up or down starts from here.
 */
export function shareOf(share: number, total: number): number {
  return Number((share * total).toPrecision(12));
}

/** The share of a total as a whole number, halves up: 0.7 of 45 is 32. */
export function roundShare(share: number, total: number): number {
  return Math.round(shareOf(share, total));
}
