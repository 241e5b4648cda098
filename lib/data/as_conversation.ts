import type { PreferencePair } from "./preference.ts";

/**
 * A pair of texts as the exchange that the chat template makes of it: a user message and two
 * answers. TRL applies no template to plain texts, so pairs of a chat model are written for it in
 * this form. A conversation is returned as it is.
 */
export function asConversation(pair: PreferencePair): PreferencePair {
  const { prompt, chosen, rejected } = pair;
  if (typeof prompt !== "string" || typeof chosen !== "string" || typeof rejected !== "string") {
    return pair;
  }
  return {
    ...pair,
    prompt: [{ role: "user", content: prompt }],
    chosen: [{ role: "assistant", content: chosen }],
    rejected: [{ role: "assistant", content: rejected }],
  };
}
