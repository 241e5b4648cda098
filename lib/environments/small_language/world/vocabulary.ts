/** Word classes of the review world. A token id is the word's position in `WORLD_WORDS`. */
export type WordClass =
  | "pad"
  | "bos"
  | "eos"
  | "opener"
  | "noun"
  | "verb"
  | "adjective"
  | "joiner"
  | "filler"
  | "negation"
  | "intensifier";

/** One word with everything the grammar and the gold reward know about it. */
export interface Word {
  /** As it is written. */
  readonly text: string;
  /** Its part in the grammar. */
  readonly kind: WordClass;
  /** Topic of a noun or an adjective; "generic" adjectives fit every noun; "" for other words. */
  readonly topic: string;
  /** Valence of an adjective in {-2, -1, 1, 2}; factor of an intensifier (1.5 or 0.5); else 0. */
  readonly value: number;
}

const VALENCES = [2, 1, 1, -1, -1, -2] as const;

/** Three nouns and six adjectives a topic; adjectives in the order of `VALENCES`. */
const TOPICS = {
  food: {
    nouns: ["soup", "cake", "curry"],
    adjectives: ["delicious", "tasty", "fresh", "salty", "stale", "rotten"],
  },
  film: {
    nouns: ["movie", "drama", "comedy"],
    adjectives: ["gripping", "witty", "moving", "slow", "corny", "unwatchable"],
  },
  hotel: {
    nouns: ["room", "lobby", "suite"],
    adjectives: ["luxurious", "quiet", "clean", "noisy", "cramped", "filthy"],
  },
  device: {
    nouns: ["phone", "laptop", "camera"],
    adjectives: ["brilliant", "fast", "sturdy", "laggy", "bulky", "broken"],
  },
} as const;

const GENERIC = ["excellent", "good", "nice", "bad", "poor", "terrible"] as const;

function plain(kind: WordClass, texts: readonly string[]): Word[] {
  return texts.map((text) => ({ text, kind, topic: "", value: 0 }));
}

function adjectives(topic: string, texts: readonly string[]): Word[] {
  return texts.map((text, i) => ({
    text,
    kind: "adjective" as const,
    topic,
    value: VALENCES[i] as number,
  }));
}

/** The 67 words, in id order. */
export const WORLD_WORDS: readonly Word[] = [
  ...plain("pad", ["<pad>"]),
  ...plain("bos", ["<bos>"]),
  ...plain("eos", ["<eos>"]),
  ...plain("opener", ["honestly", "overall", "yesterday", "frankly", "today"]),
  ...Object.entries(TOPICS).flatMap(([topic, { nouns }]) =>
    nouns.map((text) => ({ text, kind: "noun" as const, topic, value: 0 }))
  ),
  ...plain("verb", ["was", "seemed", "felt", "looked"]),
  ...Object.entries(TOPICS).flatMap(([topic, words]) => adjectives(topic, words.adjectives)),
  ...adjectives("generic", GENERIC),
  ...plain("joiner", ["and", "but", ",", "also"]),
  ...plain("filler", ["well", "like", "perhaps", "somehow"]),
  ...plain("negation", ["not"]),
  ...[["very", 1.5], ["really", 1.5], ["slightly", 0.5], ["somewhat", 0.5]].map(
    ([text, value]) => ({
      text: text as string,
      kind: "intensifier" as const,
      topic: "",
      value: value as number,
    }),
  ),
];

/** Names of the topics, in the order of their words. */
export const TOPIC_NAMES: readonly string[] = Object.keys(TOPICS);

/** The word of a token id. @throws RangeError for an id outside the vocabulary */
export function wordOf(id: number): Word {
  const word = WORLD_WORDS[id];
  if (word === undefined) {
    throw new RangeError(`token id ${id} is outside the world's ${WORLD_WORDS.length} words`);
  }
  return word;
}

/** Ids of every word of a class, in id order. */
export function idsOf(kind: WordClass): number[] {
  return WORLD_WORDS.flatMap((word, id) => word.kind === kind ? [id] : []);
}

/** Id of the token that begins a prompt. */
export const BOS_ID = idsOf("bos")[0] as number;
/** Id of the token that ends a response. */
export const EOS_ID = idsOf("eos")[0] as number;
/** Id of the word `not`. */
export const NEGATION_ID = idsOf("negation")[0] as number;

/** Clauses of a response in every study but the one of cost, which also writes longer ones. */
export const DEFAULT_CLAUSES = 3;

/** Longest response in tokens, `<eos>` included: 20 for three clauses. */
export function maxResponseTokens(clauses = DEFAULT_CLAUSES): number {
  return 7 * clauses - 1;
}

/** Tokens of every prompt: `<bos> opener noun verb`. */
export const PROMPT_TOKENS = 4;

/** Words of the ids, joined by spaces, for reading. */
export function toText(ids: ArrayLike<number>): string {
  return Array.from(ids, (id) => wordOf(id).text).join(" ");
}
