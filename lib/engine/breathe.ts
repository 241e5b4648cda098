/**
 * Lets the event loop run once: signals are heard and progress is drawn.
 *
 * Tensor work blocks the loop, and awaiting its results does not free it; long loops call this now
 * and then.
 */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
