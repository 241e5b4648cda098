/**
 * round(share * total), halves up, as the decimal product has it: 0.7 of 5 is 3.5 and so 4, though
 * the floating-point product lies just below.
 */
export function roundShare(share: number, total: number): number {
  return Math.round(Number((share * total).toPrecision(12)));
}
