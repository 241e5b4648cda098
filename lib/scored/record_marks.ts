/** Some bytes for each record, to tell whether those of two files are of one pair. */
import type { TextOrMessages } from "../data/preference.ts";
import { sha256 } from "../files/fingerprint.ts";

/** The column that holds `textHash`. */
export const textHashColumn = "text_hash";

/** The first 12 hexadecimal digits of the SHA-256 of texts, of messages their contents. */
export function textHash(texts: readonly TextOrMessages[]): string {
  const contents = texts.map((text) =>
    typeof text === "string" ? [text] : text.map(({ content }) => content)
  );
  return sha256(JSON.stringify(contents)).slice(0, 12);
}

/** What `textHashColumn` holds as a number; 0 where it is no such hash. */
export function textMark(hash: unknown): number {
  return typeof hash === "string" && /^[0-9a-f]{12}$/.test(hash)
    ? 1 + Number.parseInt(hash, 16)
    : 0;
}

/**
 * A prompt's mark: 32 bits of its text, even for text and odd for messages; 0 where there is none or
 * a message's content is no text.
 */
export function promptMark(prompt: unknown): number {
  if (typeof prompt === "string") return 2 * (1 + hashed(prompt));
  if (!Array.isArray(prompt)) return 0;
  const contents = prompt.map((message) => (message as { content?: unknown } | null)?.content);
  return contents.every((content) => typeof content === "string")
    ? 2 * hashed(contents.join("\n")) + 1
    : 0;
}

/** Whether two marks of texts are of different ones. */
export function textsDiffer(a: number, b: number): boolean {
  return a !== b && a !== 0 && b !== 0;
}

/** Whether two marks are of different prompts. Text and messages say the same in other words. */
export function promptsDiffer(a: number, b: number): boolean {
  return textsDiffer(a, b) && a % 2 === b % 2;
}

/** FNV-1a over UTF-16 code units, the lower 30 bits: a mark doubles them. */
function hashed(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash & 0x3fffffff;
}
