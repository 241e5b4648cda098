/** Log-probabilities of a completion in the replies of the two dialects, tokens checked. */
import { UserError } from "../errors.ts";
import type { TextTokenizer } from "../text/tokenizer.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * vLLM: `prompt_logprobs` has one table per prompt token, by token id; null for the first.
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
    sum += finite(entry.logprob, url);
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
  if (extra !== 0 && extra !== 1) throw otherTokens(url, count, tokens.length - 1);
  const first = extra + promptIds.length;
  completionIds.forEach((id, i) => {
    const own = tokenizer.decode([id]);
    const theirs = String(tokens[first + i]);
    // A part of a character has no text of its own; a special token may be written as none.
    if (own === theirs || theirs === "" || /\uFFFD/.test(own + theirs)) return;
    throw otherTokens(url, count, count, promptIds.length + i);
  });
  return logps.slice(first, first + completionIds.length)
    .reduce((sum: number, logp) => sum + finite(logp, url), 0);
}

function finite(value: unknown, url: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new UserError(`${url} gave the log-probability ${value}: check the model's weights`);
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
