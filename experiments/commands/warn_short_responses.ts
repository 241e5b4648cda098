import type { TokenizedPair } from "../../lib/data/preference.ts";

/** Share of the chosen completions from which on a warning is given. */
const MANY = 0.25;

/**
 * Tells where the policy's own responses may be no longer than much of the data's: those that would
 * be are cut and make no pairs, so that only its short ones train.
 *
 * @param config of the run: without bootstrapping, or with one iteration, nothing is told
 * @param maxNewTokens longest response, in tokens
 * @param warn gets one line, if any
 */
export function warnShortResponses(
  { bootstrap, iterations }: { readonly bootstrap: object | null; readonly iterations: number },
  pairs: readonly TokenizedPair[],
  maxNewTokens: number,
  warn: (message: string) => void,
): void {
  if (bootstrap === null || iterations < 2) return;
  const longer = pairs.filter(({ chosenIds }) => chosenIds.length > maxNewTokens).length;
  if (longer <= MANY * pairs.length) return;
  warn(
    `${Math.round(100 * longer / pairs.length)} % of the chosen answers are longer than ` +
      `--max-new-tokens ${maxNewTokens}: own responses that would be are cut and left out, so that ` +
      "the policy trains on its short ones; raise it",
  );
}
