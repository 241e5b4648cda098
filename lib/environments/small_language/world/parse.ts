import { EOS_ID, type Word, wordOf } from "./vocabulary.ts";

/** An adjective as the reader understands it. */
export interface Judgement {
  /** Its token id. */
  readonly adjective: number;
  /** What it is about; "generic" for words that fit every noun. */
  readonly topic: string;
  /** Valence x intensifier, times -0.75 when negated. */
  readonly sentiment: number;
}

/** What a reader makes of a response. */
export interface ParsedResponse {
  /** Its adjectives, in order. */
  readonly judgements: readonly Judgement[];
  /** Words that stand where the grammar does not allow them. */
  readonly malformed: number;
  /** Whether the response ends with `<eos>`. */
  readonly ended: boolean;
}

/** Weight of a negated judgement: "not bad" is weaker praise than "good". */
export const NEGATION_FACTOR: number = -0.75;

/**
 * Reads `clause (joiner clause)* <eos>` with clause = filler* not? intensifier? adjective.
 *
 * Any other word, a modifier without its adjective, two joiners in a row, a joiner at either end
 * and two clauses without a joiner each count one malformation; reading goes on.
 */
export function parseResponse(ids: ArrayLike<number>): ParsedResponse {
  const judgements: Judgement[] = [];
  let malformed = 0;
  let ended = false;
  let clauseOpen = true; // an adjective may come next
  let negated = false;
  let intensifier: Word | undefined;
  const dropModifiers = () => {
    malformed += Number(negated) + Number(intensifier !== undefined);
    negated = false;
    intensifier = undefined;
  };
  for (let i = 0; i < ids.length && !ended; i++) {
    const id = ids[i] as number;
    const word = wordOf(id);
    switch (word.kind) {
      case "filler":
        if (!clauseOpen || negated || intensifier) malformed++;
        break;
      case "negation":
        if (!clauseOpen || negated || intensifier) malformed++;
        else negated = true;
        break;
      case "intensifier":
        if (!clauseOpen || intensifier) malformed++;
        else intensifier = word;
        break;
      case "adjective":
        if (!clauseOpen) malformed++;
        judgements.push({
          adjective: id,
          topic: word.topic,
          sentiment: word.value * (intensifier?.value ?? 1) * (negated ? NEGATION_FACTOR : 1),
        });
        negated = false;
        intensifier = undefined;
        clauseOpen = false;
        break;
      case "joiner":
        dropModifiers();
        if (clauseOpen) malformed++;
        clauseOpen = true;
        break;
      case "eos":
        dropModifiers();
        if (clauseOpen) malformed++;
        ended = id === EOS_ID;
        break;
      default:
        malformed++;
    }
  }
  if (!ended) dropModifiers();
  return { judgements, malformed, ended };
}
