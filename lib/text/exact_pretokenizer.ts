type Json = Record<string, unknown>;

/** GPT-2's pattern, as the Rust library's ByteLevel applies it. */
export const GPT2_PATTERN = String
  .raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

/** The `Split` pre-tokenizer that makes a piece of each match and of what lies between. */
export const isolate = (pattern: string): Json => ({
  type: "Split",
  pattern: { Regex: pattern },
  behavior: "Isolated",
  invert: false,
});

/**
 * Rewrites pre-tokenizers in which `@huggingface/tokenizers` 0.2.0 differs from the Rust library
 * into equivalent ones in which it does not.
 *
 * - `Digits` knows only the digits 0-9 there; in Rust every number character (`\p{N}`).
 * - `ByteLevel`'s own pattern takes U+FEFF for white space and U+0085 for none there.
 *
 * A `Split` with the same pattern is translated correctly. Other pre-tokenizers are kept.
 */
export function exactPreTokenizer(config: Json | null | undefined): Json | null {
  if (config === null || config === undefined) return null;
  switch (config.type) {
    case "Sequence": {
      const parts = config.pretokenizers;
      if (!Array.isArray(parts)) return config;
      return { ...config, pretokenizers: parts.map((part) => exactPreTokenizer(part)) };
    }
    case "Digits":
      return isolate(config.individual_digits === true ? String.raw`\p{N}` : String.raw`\p{N}+`);
    case "ByteLevel":
      if (config.use_regex === false || config.add_prefix_space === true) return config;
      return {
        type: "Sequence",
        pretokenizers: [isolate(GPT2_PATTERN), { ...config, use_regex: false }],
      };
    default:
      return config;
  }
}
