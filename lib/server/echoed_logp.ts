/** Log-probabilities of a completion in replies with `echo`, tokens checked. */
import { UserError } from "../errors.ts";
import type { TextTokenizer } from "../text/tokenizer.ts";
import type { Json } from "./ask_server.ts";
import { checkedLogp, otherTokens, tokenIdOf } from "./prompt_logps.ts";

/**
 * `echo`: text goes out, so the reply's tokens must be those of prompt and completion, one for one,
 * with a border between the two.
 *
 * @param reply the whole answer: its first choice, and `usage` where the server tells it
 * @param promptIds without a start token that the server itself puts first
 * @throws {UserError} where the reply is of other tokens, or its numbers are of other places
 */
export function echoedLogp(
  reply: Json,
  promptIds: Int32Array,
  completionIds: Int32Array,
  tokenizer: TextTokenizer,
  url: string,
): number {
  const { tokens, token_logprobs: logps } = Object(reply.logprobs) as Json;
  if (!Array.isArray(tokens) || !Array.isArray(logps) || tokens.length !== logps.length) {
    throw new UserError(`${url} answered with ${reply.logprobs}, which is no list of tokens`);
  }
  const sent = [...promptIds, ...completionIds];
  const places = placesOf(reply, tokens, sent, tokenizer, url);
  let sum = 0;
  sent.forEach((id, i) => {
    const place = places[i] as number;
    if (place >= 0 && !isSame(tokens[place], id, tokenizer)) {
      throw otherTokens(url, sent.length, sent.length, i);
    }
    if (i < promptIds.length) return;
    if (place <= 0) {
      throw new UserError(
        `${url} tells no log-probability of the token at place ${i}: llama-cpp-python leaves start ` +
          "tokens out, and the first after one; use vLLM for such pairs",
      );
    }
    sum += checkedLogp(logps[place], url, i);
  });
  return sum;
}

/**
 * Where the reply lists each token that was sent, -1 for one that it leaves out.
 *
 * llama-cpp-python lists no start token, neither one that it put first nor one of the text, and no
 * generated token that ends a text (which `finish_reason` "stop" tells). It drops the first start
 * token from its list of tokens but not from its rows of scores, which each tell of the next token:
 * only so do the two fit. Where the sequence begins with none each token has the row of the one after
 * it (llama_cpp/llama.py, `_create_completion`, from \`Remove leading BOS token if exists\` on, at
 * commit 3691546f1c9e0c1bf93323dff02230bd959cf562 of abetlen/llama-cpp-python).
 */
function placesOf(
  { usage }: Json,
  tokens: readonly unknown[],
  sent: readonly number[],
  tokenizer: TextTokenizer,
  url: string,
): number[] {
  const { prompt_tokens: read, completion_tokens: made = 1 } = Object(usage) as Json;
  const isTold = tokenIdOf(tokens[0]) !== undefined; // vLLM
  if (typeof read !== "number" || typeof made !== "number" || isTold) {
    // Every token is listed; some servers put the start token before the text.
    const extra = tokens.length - Number(made) - sent.length;
    if (extra !== 0 && extra !== 1) throw otherTokens(url, sent.length, tokens.length - 1);
    return sent.map((_, i) => extra + i);
  }
  const added = read - sent.length;
  if (added !== 0 && added !== 1) throw otherTokens(url, sent.length, read);
  if (made > 0 && tokens.length === read + made) return sent.map((_, i) => added + i);
  const start = added === 1 ? tokenizer.bosTokenId : specialOf(sent[0], tokenizer);
  let listed = 0;
  const places = sent.map((id) => id === start ? -1 : listed++);
  const generated = tokens.length - listed;
  // One less than were made is listed where that one is a start token.
  const fits = generated === made || generated === made - 1 && generated >= 0;
  if (fits && (added === 1 || start !== undefined)) return places;
  if (added === 1) throw otherTokens(url, sent.length, tokens.length);
  throw new UserError(
    `${url} gives tokens the log-probabilities of those after them, as llama-cpp-python does where ` +
      "a text begins without the model's start token: use vLLM for such a model",
  );
}

/** A special token, which has no text for readers; undefined for any other. */
function specialOf(id: number | undefined, tokenizer: TextTokenizer): number | undefined {
  if (id === undefined || tokenizer.decode([id]) === "") return undefined;
  return tokenizer.decode([id], { skipSpecialTokens: true }) === "" ? id : undefined;
}

function isSame(token: unknown, id: number, tokenizer: TextTokenizer): boolean {
  const theirs = String(token);
  const told = tokenIdOf(theirs);
  if (told !== undefined) return told === id;
  const own = tokenizer.decode([id]);
  // A part of a character has no text of its own; a special token may be written as none.
  return own === theirs || theirs === "" || /\uFFFD/.test(own + theirs);
}
