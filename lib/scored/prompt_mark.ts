/** Four bytes for each prompt, to tell whether the records of two files are of one pair. */

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

/** Whether two marks are of different prompts. Text and messages say the same in other words. */
export function promptsDiffer(a: number, b: number): boolean {
  return a !== b && a !== 0 && b !== 0 && a % 2 === b % 2;
}

/** FNV-1a over UTF-16 code units, the lower 30 bits: a mark doubles them. */
function hashed(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash & 0x3fffffff;
}
