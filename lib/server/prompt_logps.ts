/** Log-probabilities of a completion in the replies of the two dialects, tokens checked. */
import { UserError } from "../errors.ts";
import type { TextTokenizer } from "../text/tokenizer.ts";
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
    sum += checked(entry.logprob, url, i);
  }
  return sum;
}

/**
 * `echo`: text goes out, so the reply's tokens must be those of prompt and completion, one for one,
 * with a border between the two (a token more at the start is the beginning of the sequence).
 */
export function echoedLogp(
  choice: Json,
  promptIds: Int32Array,
  completionIds: Int32Array,
  tokenizer: TextTokenizer,
  url: string,
): number {
  const { tokens, token_logprobs: logps } = choice.logprobs as {
    readonly tokens?: unknown;
    readonly token_logprobs?: unknown;
  };
  if (!Array.isArray(tokens) || !Array.isArray(logps) || tokens.length !== logps.length) {
    throw new UserError(`${url} answered with ${choice.logprobs}, which is no list of tokens`);
  }
  const count = promptIds.length + completionIds.length;
  // The last token is the generated one; some servers put the start token before the text.
  const extra = tokens.length - 1 - count;
  if (extra === -1) {
    throw new UserError(
      `${url} scored ${
        count - 1
      } tokens where ${count} were sent: its tokenizer is not --model's, ` +
        "or it is llama-cpp-python and the model has no start token: use vLLM for such a model",
    );
  }
  if (extra !== 0 && extra !== 1) throw otherTokens(url, count, tokens.length - 1);
  const first = extra + promptIds.length;
  completionIds.forEach((id, i) => {
    const theirs = String(tokens[first + i]);
    const told = tokenIdOf(theirs);
    if (told === id) return;
    if (told !== undefined) throw otherTokens(url, count, count, promptIds.length + i);
    const own = tokenizer.decode([id]);
    // A part of a character has no text of its own; a special token may be written as none.
    if (own === theirs || theirs === "" || /\uFFFD/.test(own + theirs)) return;
    throw otherTokens(url, count, count, promptIds.length + i);
  });
  return logps.slice(first, first + completionIds.length)
    .reduce((sum: number, logp, i) => sum + checked(logp, url, promptIds.length + i), 0);
}

/** The id in vLLM's `token_id:7`; undefined for other text. */
export function tokenIdOf(token: unknown): number | undefined {
  const digits = /^token_id:(\d+)$/.exec(`${token}`)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function checked(value: unknown, url: string, place: number): number {
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

function otherTokens(url: string, own: number, theirs: number, at?: number): UserError {
  const where = at === undefined
    ? `${theirs} tokens where ${own} were sent`
    : `another token at place ${at}`;
  return new UserError(
    `${url} scored ${where}: its tokenizer is not --model's, or it cut the text; ` +
      "start it with that model and a long enough context",
  );
}
