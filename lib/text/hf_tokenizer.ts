import { Tokenizer } from "@huggingface/tokenizers";
import { createHash } from "node:crypto";
import { UserError } from "../errors.ts";
import { foreignMessage } from "../files/foreign_error.ts";
import { withTimeLimit } from "../files/time_limit.ts";
import { compileChatTemplate, selectChatTemplate } from "./chat_template.ts";
import { exactPreTokenizer } from "./exact_pretokenizer.ts";
import type { TextTokenizer } from "./tokenizer.ts";

/** The parsed files that make a tokenizer. */
export interface TokenizerFiles {
  /** Names the files in messages. */
  readonly origin: string;
  /** `tokenizer.json`. */
  readonly tokenizer: Readonly<Record<string, unknown>>;
  /** `tokenizer_config.json`; `{}` where there is none. */
  readonly tokenizerConfig: Readonly<Record<string, unknown>>;
  /** `chat_template.jinja`; it goes before the config's `chat_template`. */
  readonly chatTemplate?: string | undefined;
  /** Ids that end a response besides the tokenizer's own, as generation_config.json lists them. */
  readonly eosTokenIds?: readonly number[];
}

/** The text of a special token, which tokenizer_config.json gives as a string or as an object. */
function tokenText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  const content = (value as { content?: unknown } | null | undefined)?.content;
  return typeof content === "string" ? content : undefined;
}

/** Ids from here on are refused: the library makes a list as long as the highest one. */
const MAX_ID = 1 << 23;

/** Throws for a token whose id is none: the library takes any value for one. */
function checkIds({ tokenizer, origin }: TokenizerFiles): void {
  const { vocab } = (tokenizer.model ?? {}) as { vocab?: unknown };
  const added = Array.isArray(tokenizer.added_tokens) ? tokenizer.added_tokens : [];
  const ids: [string, unknown][] = Array.isArray(vocab) ? [] : Object.entries(vocab ?? {});
  for (const token of added) ids.push([String(token?.content ?? ""), token?.id]);
  const wrong = ids.find(([, id]) =>
    !(Number.isSafeInteger(id) && (id as number) >= 0 && (id as number) < MAX_ID)
  );
  if (wrong === undefined) return;
  throw new UserError(
    `${origin}: tokenizer.json gives ${JSON.stringify(wrong[0])} the id ${
      JSON.stringify(wrong[1] ?? null).slice(0, 40)
    }, which is none`,
  );
}

function createTokenizer(files: TokenizerFiles): Tokenizer {
  const { tokenizer, tokenizerConfig, origin } = files;
  checkIds(files);
  const made = guarded(origin, () =>
    new Tokenizer({
      ...tokenizer,
      added_tokens: tokenizer.added_tokens ?? [],
      pre_tokenizer: exactPreTokenizer(tokenizer.pre_tokenizer as Record<string, unknown> | null),
    }, tokenizerConfig), OPEN_S + OPEN_S_PER_ENTRY * entriesOf(tokenizer));
  guarded(origin, () => {
    for (const probe of PROBES) {
      try {
        made.encode(probe, { add_special_tokens: false });
      } catch {
        // It does not know these characters; the texts that come may all be fine.
      }
    }
  }, PROBES_S);
  return made;
}

/** Texts on which patterns that backtrack without end show themselves when the model is opened. */
const PROBES: readonly string[] = ["a", "A", "1", " ", "\n", ".", "é", "漢", "a ", "aA1. \n"]
  .flatMap((text) => [text.repeat(64), text.repeat(64) + "!", text.repeat(64) + "\u0000"]);

/**
 * Processor seconds that a tokenizer may take to open, and for each entry of its vocabulary and
 * merges; for the probes; for a text and each of its characters. SmolLM2's takes an eighth of the
 * second, and a fiftieth of the last.
 */
const OPEN_S = 0.4, OPEN_S_PER_ENTRY = 2e-5, PROBES_S = 0.4, TEXT_S = 0.4, CHARACTER_S = 1e-4;

/** Entries of the vocabulary and the merges, whatever they are. */
function entriesOf({ model }: TokenizerFiles["tokenizer"]): number {
  const { vocab, merges } = (model ?? {}) as { vocab?: unknown; merges?: unknown };
  return [vocab, merges].reduce(
    (sum: number, list) =>
      sum + (typeof list === "object" && list !== null ? Object.keys(list).length : 0),
    0,
  );
}

/** Longest text that is cut into tokens, in UTF-16 units: no model reads a hundredth of it. */
const MAX_TEXT = 16 << 20;

/** Whether a word after a line break is cut otherwise than on its own. */
function cutsStartsOtherwise(tokenizer: Tokenizer, origin: string): boolean {
  const ids = (text: string) => tokenizer.encode(text, { add_special_tokens: false }).ids;
  try {
    return guarded(origin, () => ids("\na").join() !== [...ids("\n"), ...ids("a")].join(), TEXT_S);
  } catch {
    return false; // The vocabulary lacks a character.
  }
}

/** Calls the tokenizer library, whose errors become those of the files it works by. */
function guarded<T>(origin: string, action: () => T, seconds: number): T {
  try {
    return withTimeLimit(seconds, `${origin}: the tokenizer`, action);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${origin}: tokenizer.json cannot be used (${foreignMessage(error)})`);
  }
}

/**
 * A tokenizer from Hugging Face's files (fast tokenizers: `tokenizer.json`).
 *
 * Token ids equal those of transformers with `add_special_tokens=False`. Throws `UserError` if the
 * files cannot be used or name no end-of-sequence token.
 */
export function createHfTokenizer(files: TokenizerFiles): TextTokenizer {
  const { origin, tokenizerConfig } = files;
  const tokenizer = createTokenizer(files);
  const bosToken = tokenText(tokenizerConfig.bos_token);
  const eosToken = tokenText(tokenizerConfig.eos_token);
  const listedEos = files.eosTokenIds ?? [];
  const eosTokenId = (eosToken === undefined ? undefined : tokenizer.token_to_id(eosToken)) ??
    listedEos[0];
  if (eosTokenId === undefined) {
    throw new UserError(
      `${origin}: no end-of-sequence token (eos_token ${JSON.stringify(eosToken ?? null)})`,
    );
  }
  const vocabSize = [...tokenizer.get_vocab().values()].reduce((n, id) => Math.max(n, id + 1), 0);
  const templateText = files.chatTemplate ??
    selectChatTemplate(tokenizerConfig.chat_template, origin);
  const template = templateText === undefined ? undefined : compileChatTemplate(
    templateText,
    { bos_token: bosToken ?? "", eos_token: tokenizer.id_to_token(eosTokenId) ?? "" },
    origin,
  );
  const plain = { add_special_tokens: false };
  const bosTokenId = bosToken === undefined ? undefined : tokenizer.token_to_id(bosToken);
  const prependsBos = bosTokenId !== undefined &&
    guarded(origin, () => tokenizer.encode("a").ids[0], TEXT_S) === bosTokenId;
  const addsPrefixSpace = cutsStartsOtherwise(tokenizer, origin);
  const cleanUp = tokenizerConfig.clean_up_tokenization_spaces === true;
  const fingerprint = createHash("sha256")
    .update(JSON.stringify([files.tokenizer, tokenizerConfig, templateText ?? null, listedEos]))
    .digest("hex");
  return {
    vocabSize,
    eosTokenId,
    stopTokenIds: [...new Set([eosTokenId, ...listedEos])].sort((a, b) => a - b),
    bosTokenId: prependsBos ? bosTokenId : undefined,
    addsPrefixSpace,
    hasChatTemplate: template !== undefined,
    fingerprint,
    encode: (text) => {
      if (text === "") return new Int32Array();
      if (text.length > MAX_TEXT) {
        throw new UserError(
          `a text of ${text.length} characters is too long for a tokenizer (${MAX_TEXT} at most)`,
        );
      }
      const seconds = TEXT_S + CHARACTER_S * text.length;
      return Int32Array.from(guarded(origin, () => tokenizer.encode(text, plain).ids, seconds));
    },
    decode: (ids, options = {}) => {
      const known = Array.from(ids).filter((id) => tokenizer.id_to_token(id) !== undefined);
      if (known.length === 0) return "";
      return guarded(origin, () =>
        tokenizer.decode(known, {
          skip_special_tokens: options.skipSpecialTokens ?? false,
          clean_up_tokenization_spaces: cleanUp,
        }), TEXT_S + known.length * CHARACTER_S);
    },
    applyChatTemplate: (messages, options = {}) => {
      if (template === undefined) {
        throw new UserError(
          `${origin}: the tokenizer has no chat template; use plain text prompts instead of messages`,
        );
      }
      return template(messages, { addGenerationPrompt: options.addGenerationPrompt ?? false });
    },
  };
}
