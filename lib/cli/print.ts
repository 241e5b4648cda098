import { plainLines } from "../plain_text.ts";

/** Prints lines to stdout. Names and texts from data cannot steer the terminal: see `plainText`. */
export function print(text: string): void {
  console.log(plainLines(text));
}
