/**
 * What must not reach a terminal or a log from data: control characters, which steer it, line and
 * paragraph separators, and the characters that turn the direction of text, with which a name can
 * read as another one.
 */
const STEERING =
  // deno-lint-ignore no-control-regex -- these are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Text from anywhere, safe to print: what could steer a terminal becomes `replacement`. */
export function plainText(text: string, replacement = "?"): string {
  return text.replaceAll(STEERING, replacement);
}

/** Text from anywhere as Markdown that shows just this text, on one line: no markup, link or HTML. */
export function markdownText(text: string): string {
  return plainText(text, " ").replaceAll(/[\\`*_[\]<>|&~$]/g, "\\$&");
}

/** The same for text of several lines: line ends stay. */
export function plainLines(text: string): string {
  return text.split("\n").map((line) => plainText(line)).join("\n");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Text from anywhere for HTML, between tags or inside double quotes. Control characters other than
 * tab and newline, and those that turn the direction of what follows, become U+FFFD, so they show.
 */
export function escapeHtml(text: string): string {
  return text.toWellFormed()
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] as string)
    // deno-lint-ignore no-control-regex -- these are what is looked for
    .replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}
