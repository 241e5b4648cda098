import { UserError } from "../errors.ts";
import type { Prng } from "../random/prng.ts";
import type { TextOrMessages } from "./preference.ts";

/** Pairs to train on and pairs held out, each in their original order. */
export interface Split<T> {
  /** In the order of the input. */
  readonly train: readonly T[];
  /** Pairs of the drawn prompts, in the order of the input. */
  readonly heldOut: readonly T[];
}

/**
 * Holds out pairs by prompt: pairs with the same prompt stay on one side.
 *
 * Prompts are shuffled and taken where they fit into `round(fraction * n)` pairs; where none does,
 * the smallest is held out. At least one prompt is kept. A fraction of 0 holds out nothing.
 *
 * @param fraction share of the pairs to hold out, in [0, 1)
 * @throws {UserError} if the fraction is out of range, or all pairs have one prompt
 */
export function splitByPrompt<T extends { readonly prompt: TextOrMessages }>(
  pairs: readonly T[],
  fraction: number,
  prng: Prng,
): Split<T> {
  if (!(fraction >= 0 && fraction < 1)) {
    throw new UserError(`the held-out fraction must be in [0, 1), got ${fraction}`);
  }
  if (fraction === 0) return { train: [...pairs], heldOut: [] };
  const sizes = new Map<string, number>();
  for (const { prompt } of pairs) {
    const key = promptKey(prompt);
    sizes.set(key, (sizes.get(key) ?? 0) + 1);
  }
  if (sizes.size < 2) {
    throw new UserError(
      "cannot hold out pairs: all have the same prompt; give more prompts or hold out none",
    );
  }
  const target = Math.round(fraction * pairs.length);
  const held = new Set<string>();
  let count = 0;
  const drawn = prng.shuffle([...sizes]);
  for (const [key, size] of drawn) {
    if (count + size > target || held.size === sizes.size - 1) continue;
    held.add(key);
    count += size;
  }
  if (held.size === 0) {
    // Of equals the first drawn.
    const [smallest] = drawn.toSorted((a, b) => a[1] - b[1]);
    if (smallest !== undefined) held.add(smallest[0]);
  }
  return {
    train: pairs.filter(({ prompt }) => !held.has(promptKey(prompt))),
    heldOut: pairs.filter(({ prompt }) => held.has(promptKey(prompt))),
  };
}

/** Equal for equal prompts: what pairs are grouped by. */
export function promptKey(prompt: TextOrMessages): string {
  return typeof prompt === "string"
    ? JSON.stringify(prompt)
    : JSON.stringify(prompt.map(({ role, content }) => [role, content]));
}
