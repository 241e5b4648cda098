import { Tokenizer } from "@huggingface/tokenizers";
import { createHash } from "node:crypto";
import { messageOf, UserError } from "../errors.ts";
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

function createTokenizer(files: TokenizerFiles): Tokenizer {
  const { tokenizer, tokenizerConfig, origin } = files;
  try {
    return new Tokenizer({
      ...tokenizer,
      added_tokens: tokenizer.added_tokens ?? [],
      pre_tokenizer: exactPreTokenizer(tokenizer.pre_tokenizer as Record<string, unknown> | null),
    }, tokenizerConfig);
  } catch (error) {
    throw new UserError(`${origin}: tokenizer.json cannot be used (${messageOf(error)})`);
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
  const prependsBos = bosTokenId !== undefined && tokenizer.encode("a").ids[0] === bosTokenId;
  const cleanUp = tokenizerConfig.clean_up_tokenization_spaces === true;
  const fingerprint = createHash("sha256")
    .update(JSON.stringify([files.tokenizer, tokenizerConfig, templateText ?? null, listedEos]))
    .digest("hex");
  return {
    vocabSize,
    eosTokenId,
    stopTokenIds: [...new Set([eosTokenId, ...listedEos])].sort((a, b) => a - b),
    bosTokenId: prependsBos ? bosTokenId : undefined,
    hasChatTemplate: template !== undefined,
    fingerprint,
    encode: (text) =>
      text === "" ? new Int32Array() : Int32Array.from(tokenizer.encode(text, plain).ids),
    decode: (ids, options = {}) => {
      const known = Array.from(ids).filter((id) => tokenizer.id_to_token(id) !== undefined);
      if (known.length === 0) return "";
      return tokenizer.decode(known, {
        skip_special_tokens: options.skipSpecialTokens ?? false,
        clean_up_tokenization_spaces: cleanUp,
      });
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
