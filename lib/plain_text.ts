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
