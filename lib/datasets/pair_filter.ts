import { createHash } from "node:crypto";
import { sameText } from "../data/extract_prompt.ts";
import { promptKey } from "../data/split.ts";
import type { PreferencePair, TextOrMessages } from "../data/preference.ts";
import type { ChatTemplateUse } from "../data/render_text.ts";
import { tokenizePair } from "../data/tokenize_pairs.ts";
import { longerAnswer, promptRoom, truncatePair } from "../data/truncate_pair.ts";
import type { TextTokenizer } from "../text/tokenizer.ts";
import type { PairRow } from "./dataset_row.ts";

/** Which pairs are kept. */
export interface PairFilterConfig {
  /** Smallest score gap, whichever answer is ahead; undefined: any, none too. */
  readonly minGap?: number | undefined;
  /** Longest prompt and response together, characters. */
  readonly maxCharacters?: number | undefined;
  /** Leave out pairs whose prompt and responses came before. */
  readonly unique: boolean;
  /** Counts tokens, and finds pairs made equal by cutting; undefined: characters count. */
  readonly tokens?: {
    readonly tokenizer: TextTokenizer;
    readonly maxLength: number;
    readonly chatTemplate: ChatTemplateUse;
  } | undefined;
}

/** A pair that is kept. */
export interface KeptPair {
  /** SHA-256 of its prompt: what pairs are split by. */
  readonly promptHash: string;
  /** Tokens, or characters without a tokenizer. */
  readonly chosenLength: number;
  readonly rejectedLength: number;
  /** Whether training at this length would cut it. */
  readonly cut: boolean;
}

/** Text of an answer. */
function charactersOf(text: TextOrMessages): number {
  return typeof text === "string"
    ? text.length
    : text.reduce((sum, { content }) => sum + content.length, 0);
}

/** Decides pair by pair; remembers the hashes of those that came before. */
export class PairFilter {
  readonly #config: PairFilterConfig;
  readonly #seen = new Set<string>();

  constructor(config: PairFilterConfig) {
    this.#config = config;
  }

  /** The pair's facts, or why it is left out. */
  judge({ prompt, chosen, rejected, gap }: PairRow): KeptPair | string {
    const { minGap, maxCharacters, unique, tokens } = this.#config;
    if (sameText(chosen, rejected)) return "chosen = rejected";
    const characters = [chosen, rejected].map(charactersOf) as [number, number];
    if (maxCharacters !== undefined) {
      const longest = charactersOf(prompt) + Math.max(...characters);
      if (longest > maxCharacters) return `longer than ${maxCharacters} characters`;
    }
    if (minGap !== undefined && (gap === undefined || Math.abs(gap) < minGap)) {
      return gap === undefined ? "no scores" : `a score gap below ${minGap}`;
    }
    if (unique) {
      const key = hash(JSON.stringify([prompt, chosen, rejected]));
      if (this.#seen.has(key)) return "the same pair before";
      this.#seen.add(key);
    }
    const promptHash = hash(promptKey(prompt));
    if (tokens === undefined) {
      const [chosenLength, rejectedLength] = characters;
      return { promptHash, chosenLength, rejectedLength, cut: false };
    }
    const { tokenizer, maxLength, chatTemplate } = tokens;
    const pair: PreferencePair = { id: "", prompt, chosen, rejected };
    const whole = tokenizePair(pair, tokenizer, chatTemplate);
    if (whole.promptIds.length === 0) return "the prompt has no token";
    // The limits of `align`, for a prompt with no longer answer in another pair.
    const limits = { maxLength, maxPromptLength: promptRoom(maxLength, longerAnswer(whole)) };
    const { pair: kept, cut } = truncatePair(whole, limits, "keep_end");
    const isCut = cut.chosen || cut.rejected || cut.prompt;
    if (kept.chosenIds.join() === kept.rejectedIds.join()) {
      return isCut ? `made identical by cutting at ${maxLength} tokens` : "identical in tokens";
    }
    const { chosenIds, rejectedIds } = kept;
    return {
      ...{ promptHash, chosenLength: chosenIds.length, rejectedLength: rejectedIds.length },
      cut: isCut,
    };
  }
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
