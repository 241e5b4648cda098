import { messageOf } from "../errors.ts";

/**
 * What a library says of a file that it cannot read. JavaScript's own complaints, which a damaged
 * file provokes deep inside, mean nothing to people: they become one plain sentence.
 */
export function foreignMessage(error: unknown): string {
  const isOwn = error instanceof TypeError || error instanceof RangeError ||
    error instanceof ReferenceError || !(error instanceof Error) ||
    /\bundefined\b|\[object /.test(error.message);
  return isOwn ? "its parts contradict each other" : messageOf(error);
}
