import { UserError } from "../../errors.ts";
import type { EngineInfo } from "../tensorflow.ts";
import type { Segment } from "./types.ts";

/** All that a WebAssembly module can address, less what the engine itself takes. */
export const WASM_BYTES: number = 3.5 * 2 ** 30;

const FLOAT_BYTES = 4;

/** Arrays of scores that are there at once: products, scaled, masked, and their softmax. */
const ARRAYS = 4;

/** Less is not compared with what is free: that costs a look at the system each time. */
const SMALL = 2 ** 28;

/**
 * Makes sure that attention composed of TensorFlow's operations can hold the scores of all heads,
 * [segments, heads, queries, keys], before it asks for them: it would end in the system's or the
 * library's out-of-memory. The memory of a GPU is not looked at.
 *
 * @throws {UserError} with the length and the bytes
 */
export function refuseTooLong(
  segments: readonly Segment[],
  heads: number,
  { backend, device }: Pick<EngineInfo, "backend" | "device">,
): void {
  if (device === "gpu") return;
  const longest = (length: (segment: Segment) => number) =>
    segments.reduce((most, segment) => Math.max(most, length(segment)), 0);
  const keys = longest((segment) => segment.prefixLength + segment.length);
  const scores = segments.length * heads * longest((segment) => segment.length) * keys;
  const bytes = ARRAYS * FLOAT_BYTES * scores;
  if (bytes < SMALL) return;
  const isWasm = backend === "wasm";
  const { available } = Deno.systemMemoryInfo();
  const free = isWasm ? Math.min(available, WASM_BYTES) : available;
  if (bytes <= free) return;
  const gigabytes = (size: number) => `${(size / 1e9).toFixed(1)} GB`;
  throw new UserError(
    `attention over ${keys} tokens takes about ${gigabytes(bytes)} of memory without the fused ` +
      `kernels, and ${gigabytes(free)} are free: shorten the texts (--max-length), ` +
      "or run `deno task setup`",
  );
}
