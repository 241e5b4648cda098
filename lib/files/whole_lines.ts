import { existsSync } from "node:fs";
import { truncateDurably } from "./durable_file.ts";

/**
 * The lines of a file that is only ever added to; none where it is not there. A last line without its
 * newline, which a killed process left, is cut off.
 */
export function wholeLines(path: string): string[] {
  if (!existsSync(path)) return [];
  const text = Deno.readTextFileSync(path);
  const end = text.lastIndexOf("\n") + 1;
  if (end < text.length) truncateDurably(path, new TextEncoder().encode(text.slice(0, end)).length);
  return text.slice(0, end).split("\n").slice(0, -1);
}
