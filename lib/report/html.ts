import { escapeHtml } from "../plain_text.ts";

/** Text that is HTML already. Only `html` and `trustedHtml` make it. */
export class Html {
  constructor(readonly text: string) {}
}

/** What `html` takes: text and numbers are escaped, `Html` and lists of it are not. */
export type HtmlPart = Html | string | number | readonly HtmlPart[] | undefined;

/**
 * A template tag that escapes every value put in: what a model wrote cannot become markup. Values
 * belong between tags or inside double quotes.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  return new Html(strings.reduce((text, next, i) => text + asText(parts[i - 1]) + next));
}

/** Markup made by this program itself, such as a drawn SVG. Never pass foreign text. */
export function trustedHtml(text: string): Html {
  return new Html(text);
}

function asText(part: HtmlPart): string {
  if (part === undefined) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(asText).join("");
  return escapeHtml(String(part));
}
