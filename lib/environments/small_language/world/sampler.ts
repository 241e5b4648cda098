import type { Prng } from "../../../random/prng.ts";
import type { WorldPrompt } from "./prompts.ts";
import {
  DEFAULT_CLAUSES,
  EOS_ID,
  idsOf,
  maxResponseTokens,
  NEGATION_ID,
  TOPIC_NAMES,
  wordOf,
} from "./vocabulary.ts";

/** Tokens that count as one unit of length for a taste: about one SD of the writer's lengths. */
export const LENGTH_UNIT = 2.5;

/**
 * How a writer writes.
 *
 * A response is three clauses (or as many as asked for) joined by a joiner. A clause is up to three
 * fillers, perhaps `not`, perhaps an intensifier, and an adjective. Sentiment and wordiness are drawn
 * independently for each response, so the gold reward carries no information about length.
 */
export interface Writer {
  /** Chances of one more filler, one drawn for each response. */
  readonly fillerRates: readonly number[];
  /** Most fillers in a clause. */
  readonly maxFillers: number;
  /** Chance of `not` in a clause. */
  readonly negation: number;
  /** Chance of an intensifier in a clause. */
  readonly intensifier: number;
  /** Chances that a judgement is positive, one drawn for each response. */
  readonly positive: readonly number[];
  /** Chance of an adjective of the prompt's topic. */
  readonly ownTopic: number;
  /** Chance of a generic adjective; otherwise the topic is drawn. */
  readonly generic: number;
}

/** The writer whose sentences the SFT model learns from; its sentiment is symmetric around 0.5. */
export const WRITER: Writer = {
  fillerRates: [0, 0.2, 0.4, 0.6],
  maxFillers: 3,
  negation: 0.1,
  intensifier: 0.3,
  positive: [0.02, 0.15, 0.5, 0.85, 0.98],
  ownTopic: 0.55,
  generic: 0.25,
};

/** A writer that pleases more than the SFT model: kinder, and closer to the topic. */
export const STRONG_WRITER: Writer = {
  ...WRITER,
  positive: [0.5, 0.85, 0.98],
  ownTopic: 0.75,
  generic: 0.2,
};

/** A writer that pleases less: harsher, and often off the topic. */
export const WEAK_WRITER: Writer = {
  ...WRITER,
  positive: [0.02, 0.15, 0.5],
  ownTopic: 0.3,
  generic: 0.2,
};

const ADJECTIVES = idsOf("adjective");
const JOINERS = idsOf("joiner");
const FILLERS = idsOf("filler");
const INTENSIFIERS = idsOf("intensifier");

function pick<T>(items: readonly T[], prng: Prng): T {
  return items[prng.integer(items.length)] as T;
}

function drawClause(
  { maxFillers, negation, intensifier, ownTopic, generic }: Writer,
  { topic, fillerRate, positive }: { topic: string; fillerRate: number; positive: number },
  prng: Prng,
): number[] {
  const clause: number[] = [];
  while (clause.length < maxFillers && prng.uniform() < fillerRate) {
    clause.push(pick(FILLERS, prng));
  }
  const negated = prng.uniform() < negation;
  if (negated) clause.push(NEGATION_ID);
  if (prng.uniform() < intensifier) clause.push(pick(INTENSIFIERS, prng));
  const wantPositive = prng.uniform() < positive;
  const sign = wantPositive === negated ? -1 : 1; // "not" comes with the opposite adjective
  const draw = prng.uniform();
  const pool = draw < ownTopic
    ? topic
    : draw < ownTopic + generic
    ? "generic"
    : pick(TOPIC_NAMES, prng);
  const fitting = ADJECTIVES.filter((id) => {
    const word = wordOf(id);
    return word.topic === pool && Math.sign(word.value) === sign;
  });
  clause.push(pick(fitting, prng));
  return clause;
}

/** One sentence of a writer, ending with `<eos>`, never longer than `maxResponseTokens(clauses)`. */
export function sampleResponse(
  prompt: WorldPrompt,
  prng: Prng,
  clauses = DEFAULT_CLAUSES,
  writer = WRITER,
): Int32Array {
  const fillerRate = pick(writer.fillerRates, prng);
  const positive = pick(writer.positive, prng);
  const ids: number[] = [];
  for (let clause = 0; clause < clauses; clause++) {
    if (clause > 0) ids.push(pick(JOINERS, prng));
    ids.push(...drawClause(writer, { topic: prompt.topic, fillerRate, positive }, prng));
  }
  ids.push(EOS_ID);
  // The widest clauses only (six words and a joiner each) are one over: drop the first filler.
  return Int32Array.from(ids.slice(Math.max(0, ids.length - maxResponseTokens(clauses))));
}

/** `count` training sentences (prompt and response) over the prompts in turn. */
export function sampleSentences(
  prompts: readonly WorldPrompt[],
  count: number,
  prng: Prng,
  clauses = DEFAULT_CLAUSES,
): { promptIds: Int32Array; responseIds: Int32Array }[] {
  return Array.from({ length: count }, (_, i) => {
    const prompt = prompts[i % prompts.length] as WorldPrompt;
    return { promptIds: prompt.ids, responseIds: sampleResponse(prompt, prng, clauses) };
  });
}
