import { UserError } from "../../errors.ts";
import { createPrng } from "../../random/prng.ts";

/** What is reviewed. */
const GOODS = [
  ...["movie", "cookbook", "restaurant", "hotel", "phone", "laptop", "coffee maker", "album"],
  ...["video game", "museum", "bakery", "airline", "gym", "headset", "TV series", "concert"],
  ...["camera", "backpack", "city tour", "podcast"],
];

/** How a review begins; none of them is kind or unkind. */
const OPENERS = [
  ...["I thought the", "Overall, this", "In my opinion, the", "To sum up, the"],
  ...["After a week, I", "My family and I", "The staff and the", "What I noticed"],
];

/** Every prompt: 20 goods by 8 beginnings, as "Review of a hotel: Overall, this". */
export const reviewPrompts: readonly string[] = GOODS.flatMap((good) =>
  OPENERS.map((opener) => `Review of ${/^[aeiou]/.test(good) ? "an" : "a"} ${good}: ${opener}`)
);

/** A seed's prompts. */
export interface SplitPrompts {
  /** Answered for offline pairs and by bootstrapping. */
  readonly train: readonly string[];
  /** Answered for measurement alone. */
  readonly heldOut: readonly string[];
}

/**
 * Splits the prompts by a seed's shuffle.
 *
 * @throws {UserError} where more are asked for than there are
 */
export function splitPrompts(seed: number, train: number, heldOut: number): SplitPrompts {
  if (train + heldOut > reviewPrompts.length) {
    throw new UserError(
      `there are ${reviewPrompts.length} prompts: ${train} to train on and ${heldOut} held out are ` +
        "too many",
    );
  }
  const order = createPrng(seed, "prompt split").shuffle(reviewPrompts.map((_, i) => i));
  const pick = (indices: readonly number[]) => indices.map((i) => reviewPrompts[i] as string);
  return {
    heldOut: pick(order.slice(0, heldOut)),
    train: pick(order.slice(heldOut, heldOut + train)),
  };
}
