import { parseResponse } from "./parse.ts";
import { DEFAULT_CLAUSES, wordOf } from "./vocabulary.ts";

/** The gold reward and its parts. */
export interface GoldParts {
  /** The sum of the parts. */
  readonly reward: number;
  /** Mean sentiment of the judgements, in [-3, 3]. */
  readonly sentiment: number;
  /** Mean relevance: 1 for the noun's topic, 0.5 for a generic adjective, 0 for another topic. */
  readonly relevance: number;
  /** At most 0: -2 x share of repeated adjectives. */
  readonly repetition: number;
  /** At most 0: -0.5 for each malformation, two at most. */
  readonly malformation: number;
  /** At most 0: -0.5 for each judgement more or fewer than asked for (three), four at most. */
  readonly count: number;
  /** At most 0: -1 without any judgement, -1 without `<eos>`. */
  readonly missing: number;
}

/**
 * The true quality of a response: what the noisy labels are drawn from and what every arm is
 * measured by. Fillers, joiners and modifiers cost nothing, so length as such is neutral.
 *
 * @param promptIds `<bos> opener noun verb`
 */
export function goldReward(
  promptIds: ArrayLike<number>,
  responseIds: ArrayLike<number>,
  clauses = DEFAULT_CLAUSES,
): GoldParts {
  const topic = topicOf(promptIds);
  const { judgements, malformed, ended } = parseResponse(responseIds);
  const n = judgements.length;
  const mean = (value: (index: number) => number) =>
    n === 0 ? 0 : judgements.reduce((sum, _, i) => sum + value(i), 0) / n;
  const distinct = new Set(judgements.map((judgement) => judgement.adjective)).size;
  const parts = {
    sentiment: mean((i) => judgements[i]?.sentiment ?? 0),
    relevance: mean((i) => {
      const own = judgements[i]?.topic;
      return own === topic ? 1 : own === "generic" ? 0.5 : 0;
    }),
    repetition: n === 0 ? 0 : -2 * (n - distinct) / n,
    malformation: -0.5 * Math.min(malformed, 2),
    count: -0.5 * Math.min(Math.abs(n - clauses), 4),
    missing: (n === 0 ? -1 : 0) + (ended ? 0 : -1),
  };
  return { ...parts, reward: Object.values(parts).reduce((sum, part) => sum + part, 0) };
}

/** Whether a response obeys the grammar: so many clauses, nothing malformed, `<eos>` at its end. */
export function isValid(responseIds: ArrayLike<number>, clauses = DEFAULT_CLAUSES): boolean {
  const { judgements, malformed, ended } = parseResponse(responseIds);
  return ended && malformed === 0 && judgements.length === clauses;
}

function topicOf(promptIds: ArrayLike<number>): string {
  for (const id of Array.from(promptIds)) {
    const word = wordOf(id);
    if (word.kind === "noun") return word.topic;
  }
  throw new RangeError("a prompt of the world holds one noun; none found");
}
