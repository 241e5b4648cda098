import { messageOf, UserError } from "../errors.ts";
import { encodeContinuation } from "../text/encode_continuation.ts";
import type { TextTokenizer } from "../text/tokenizer.ts";
import type { PreferencePair, TextOrMessages, TokenizedPair } from "./preference.ts";
import { type ChatTemplateUse, renderPair, renderPrompt } from "./render_text.ts";
import { longerAnswer, promptRoom, truncatePair, type Truncation } from "./truncate_pair.ts";

/** Options of `tokenizePairs`. Lengths in tokens. */
export interface TokenizeOptions {
  /** Longest prompt + completion. */
  readonly maxLength: number;
  /**
   * Longest prompt, whatever its answers leave. Default: what the longest answer to it leaves of
   * `maxLength`, and at least half of that, rounded down.
   */
  readonly maxPromptLength?: number | undefined;
  /** The model's longest sequence (`ModelConfig.maxPositions`), checked against `maxLength`. */
  readonly contextLength?: number | undefined;
  /** Default `auto`. */
  readonly chatTemplate?: ChatTemplateUse | undefined;
  /** Default `keep_end`. */
  readonly truncation?: Truncation | undefined;
  /** Where each pair stands in its file, by id, for errors. */
  readonly places?: ReadonlyMap<string, string> | undefined;
}

/** A pair that was left out, and why. */
export interface DroppedPair {
  /** The pair's. */
  readonly id: string;
  /** What was wrong, for messages. */
  readonly reason: string;
}

/** Tokenised pairs and what was lost on the way. */
export interface TokenizedPairs {
  /** In the order of the input, dropped ones left out. */
  readonly pairs: readonly TokenizedPair[];
  /** Pairs kept whose prompt, chosen or rejected was cut. */
  readonly truncated: {
    readonly prompt: number;
    readonly chosen: number;
    readonly rejected: number;
  };
  /** Pairs left out, each with the reason. */
  readonly dropped: readonly DroppedPair[];
}

/**
 * Pairs as token ids. A prompt's ids do not depend on an answer, and an answer's ids are such as
 * generation from the prompt produces (`encodeContinuation`).
 *
 * Every completion ends with the end-of-sequence token unless it was cut. Chat templates write the
 * end of turn themselves, often with a line break after it: what follows the last end-of-turn token
 * is dropped if it is blank, because generation stops at that token and never produces the rest,
 * and because text answers (text + end token) get the same ids in this way. TRL keeps it.
 *
 * A pair longer than `maxLength` loses of its prompt what exceeds `maxPromptLength`, but a beginning
 * token that the tokenizer adds; then completions lose their end. Pairs of one prompt keep one prompt:
 * the longest answer of them all decides.
 *
 * Pairs whose completions have the same ids, by truncation or from the start, are dropped.
 *
 * @throws {UserError} if the lengths do not fit the model, a needed chat template is missing, or no
 * pair is left
 */
export function tokenizePairs(
  pairs: readonly PreferencePair[],
  tokenizer: TextTokenizer,
  options: TokenizeOptions,
): TokenizedPairs {
  checkLimits(options);
  const { maxLength, truncation = "keep_end" } = options;
  const keep = truncation === "drop" ? "keep_end" : truncation;
  const wholes = pairs.map((pair) => tokenizeAt(pair, tokenizer, options));
  const roomFor = options.maxPromptLength === undefined
    ? promptRooms(wholes, maxLength, truncation !== "drop")
    : () => options.maxPromptLength as number;
  const kept: TokenizedPair[] = [];
  const truncated = { prompt: 0, chosen: 0, rejected: 0 };
  const dropped: DroppedPair[] = [];
  for (const whole of wholes) {
    const limits = { maxLength, maxPromptLength: roomFor(whole) };
    const result = truncatePair(whole, limits, keep, tokenizer.bosTokenId);
    const reason = whyDropped(result.pair, truncation === "drop" && isCut(result.cut), options);
    if (reason !== undefined) {
      dropped.push({ id: whole.id, reason });
      continue;
    }
    kept.push(result.pair);
    truncated.prompt += Number(result.cut.prompt);
    truncated.chosen += Number(result.cut.chosen);
    truncated.rejected += Number(result.cut.rejected);
  }
  const first = dropped[0];
  if (kept.length === 0 && first !== undefined) {
    throw new UserError(
      `no pair is left of ${pairs.length}: pair ${first.id} was dropped (${first.reason}); ` +
        "raise --max-length or look at the data",
    );
  }
  return { pairs: kept, truncated, dropped };
}

/**
 * Tokens that a pair's prompt may have. A prompt within half of `maxLength` is never cut: of the others
 * alone the answers are looked at.
 *
 * @param shared whether the longest answer of all pairs with the prompt decides, else the pair's own
 */
function promptRooms(
  wholes: readonly TokenizedPair[],
  maxLength: number,
  shared: boolean,
): (pair: TokenizedPair) => number {
  const half = Math.floor(maxLength / 2);
  const longest = new Map<string, number>();
  for (const whole of shared ? wholes : []) {
    if (whole.promptIds.length <= half) continue;
    const key = whole.promptIds.join();
    longest.set(key, Math.max(longest.get(key) ?? 0, longerAnswer(whole)));
  }
  return (pair) => {
    if (pair.promptIds.length <= half) return half;
    const answer = shared ? longest.get(pair.promptIds.join()) : undefined;
    return promptRoom(maxLength, answer ?? longerAnswer(pair));
  };
}

/** `tokenizePair` whose errors, a template's own among them, say which record they are about. */
function tokenizeAt(
  pair: PreferencePair,
  tokenizer: TextTokenizer,
  { chatTemplate, places }: TokenizeOptions,
): TokenizedPair {
  try {
    return tokenizePair(pair, tokenizer, chatTemplate);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${places?.get(pair.id) ?? `pair ${pair.id}`}: ${messageOf(error)}`);
  }
}

/** One pair as token ids, whatever its length. */
export function tokenizePair(
  pair: PreferencePair,
  tokenizer: TextTokenizer,
  chatTemplate: ChatTemplateUse = "auto",
): TokenizedPair {
  const rendered = renderPair(pair, tokenizer, chatTemplate);
  return {
    id: pair.id,
    promptIds: encodePrompt(rendered.prompt, rendered.plain, tokenizer),
    chosenIds: encodeCompletion(rendered.prompt, rendered.chosen, tokenizer),
    rejectedIds: encodeCompletion(rendered.prompt, rendered.rejected, tokenizer),
    ...(pair.flipped !== undefined && { flipped: pair.flipped }),
  };
}

/** A prompt's ids, the same as in `tokenizePairs` before any cut; for generation. */
export function tokenizePrompt(
  prompt: TextOrMessages,
  tokenizer: TextTokenizer,
  chatTemplate: ChatTemplateUse = "auto",
): Int32Array {
  const { text, plain } = renderPrompt(prompt, tokenizer, chatTemplate);
  return encodePrompt(text, plain, tokenizer);
}

function encodePrompt(text: string, plain: boolean, tokenizer: TextTokenizer): Int32Array {
  const ids = tokenizer.encode(text);
  const bos = tokenizer.bosTokenId;
  return plain && bos !== undefined && ids[0] !== bos ? Int32Array.from([bos, ...ids]) : ids;
}

/** A completion's ids, ended by the token that ends a response (see `tokenizePairs`). */
function encodeCompletion(prompt: string, text: string, tokenizer: TextTokenizer): Int32Array {
  const ids = encodeContinuation(tokenizer, prompt, text);
  const end = ids.findLastIndex((id) => tokenizer.stopTokenIds.includes(id));
  const rest = ids.subarray(end + 1);
  if (end >= 0 && (rest.length === 0 || tokenizer.decode(rest).trim() === "")) {
    return ids.slice(0, end + 1);
  }
  const ended = new Int32Array(ids.length + 1);
  ended.set(ids);
  ended[ids.length] = tokenizer.eosTokenId;
  return ended;
}

function checkLimits({ maxLength, maxPromptLength, contextLength }: TokenizeOptions): void {
  if (!Number.isSafeInteger(maxLength) || maxLength < 2) {
    throw new UserError(`--max-length must be an integer of at least 2, got ${maxLength}`);
  }
  if (contextLength !== undefined && maxLength > contextLength) {
    throw new UserError(
      `--max-length ${maxLength} exceeds the model's context of ${contextLength} tokens: lower it`,
    );
  }
  if (maxPromptLength === undefined) return;
  if (
    !Number.isSafeInteger(maxPromptLength) || maxPromptLength < 1 || maxPromptLength >= maxLength
  ) {
    throw new UserError(
      `the longest prompt must have between 1 and ${maxLength - 1} tokens, got ${maxPromptLength}`,
    );
  }
}

function whyDropped(
  pair: TokenizedPair,
  tooLong: boolean,
  { maxLength, maxPromptLength }: TokenizeOptions,
): string | undefined {
  if (tooLong) {
    return `longer than ${maxLength} tokens` +
      (maxPromptLength === undefined ? "" : `, or its prompt than ${maxPromptLength}`);
  }
  if (pair.promptIds.length === 0) return "the prompt has no token";
  const { chosenIds, rejectedIds } = pair;
  const same = chosenIds.length === rejectedIds.length &&
    chosenIds.every((id, i) => id === rejectedIds[i]);
  return same ? `chosen = rejected in their ${chosenIds.length} tokens` : undefined;
}

function isCut(cut: { prompt: boolean; chosen: boolean; rejected: boolean }): boolean {
  return cut.prompt || cut.chosen || cut.rejected;
}
