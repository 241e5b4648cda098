/** Log-probabilities of a completion in vLLM's replies, and what both dialects check. */
import { UserError } from "../errors.ts";
import type { Json } from "./ask_server.ts";

/** What vLLM writes for a log-probability of minus infinity, which JSON does not have. */
const VLLM_MINUS_INFINITY = -9999;

/** Rounding may lift a log-probability above 0 by less. */
const ROUNDING = 1e-3;

/**
 * vLLM: `prompt_logprobs` has one table per prompt token, by token id; null for the first. A table
 * holds the token itself and the most likely ones, in any order.
 *
 * @param ids prompt and completion
 * @param first place of the completion's first token
 * @throws {UserError} where the reply is of other tokens than were sent
 */
export function promptLogp(
  choice: Json,
  ids: readonly number[],
  first: number,
  url: string,
): number {
  const tables = choice.prompt_logprobs;
  if (!Array.isArray(tables) || tables.length !== ids.length) {
    throw otherTokens(url, ids.length, Array.isArray(tables) ? tables.length : 0);
  }
  let sum = 0;
  for (let i = first; i < ids.length; i++) {
    const entry = (tables[i] as Readonly<Record<string, Json>> | null)?.[`${ids[i]}`];
    if (entry === undefined) throw otherTokens(url, ids.length, tables.length, i);
    sum += checkedLogp(entry.logprob, url, i);
  }
  return sum;
}

/** The id in vLLM's `token_id:7`; undefined for other text. */
export function tokenIdOf(token: unknown): number | undefined {
  const digits = /^token_id:(\d+)$/.exec(`${token}`)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * A log-probability as a server wrote it.
 *
 * @param place of the token, from 0, for the message
 * @throws {UserError} on what no log-probability can be, and on minus infinity
 */
export function checkedLogp(value: unknown, url: string, place: number): number {
  const given = `${url} gave the token at place ${place} the log-probability`;
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new UserError(`${given} ${value}: check the model's weights`);
  }
  if (value <= VLLM_MINUS_INFINITY) {
    throw new UserError(
      `${given} ${value}, which stands for minus infinity: the model cannot say this token; check ` +
        "its weights, and that the server masks no tokens",
    );
  }
  if (value > ROUNDING) {
    throw new UserError(
      `${given} ${value}, which is above 0: it tells logits; start vLLM with ` +
        "--logprobs-mode raw_logprobs",
    );
  }
  return value;
}

/** The error of a server that scored other tokens than it was sent, as many or another number. */
export function otherTokens(url: string, own: number, theirs: number, at?: number): UserError {
  const where = at === undefined
    ? `${theirs} tokens where ${own} were sent`
    : `another token at place ${at}`;
  return new UserError(
    `${url} scored ${where}: its tokenizer is not --model's, or it cut the text; ` +
      "start it with that model and a long enough context",
  );
}
