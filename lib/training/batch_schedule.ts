import { createPrng } from "../random/prng.ts";

/** Positions of the pairs of every step: seeded epochs over all of them, one after the other. */
export function batchSchedule(
  pairs: number,
  steps: number,
  batchPairs: number,
  seed: number,
  iteration: number,
): number[][] {
  const batches: number[][] = [];
  let queue: number[] = [];
  for (let epoch = 0; batches.length < steps; epoch++) {
    const prng = createPrng(seed, "batches", iteration, epoch);
    queue = queue.concat(prng.shuffle(Array.from({ length: pairs }, (_, i) => i)));
    while (queue.length >= batchPairs && batches.length < steps) {
      batches.push(queue.splice(0, batchPairs));
    }
    // Fewer pairs than a batch: the epoch is the batch.
    if (pairs < batchPairs) batches.push(queue.splice(0));
  }
  return batches;
}
