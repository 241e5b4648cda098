import { UserError } from "../errors.ts";

/** Python's white space: JavaScript's has the byte order mark, and lacks \x1c to \x1f and \x85. */
const SPACES =
  "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007" +
  "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000";

const SPACE_SET: ReadonlySet<string> = new Set(SPACES);
const WORD = new RegExp(`[^${SPACES}]+`, "gu");

/** The side of a text. */
type Side = "left" | "right" | "both";

/** `strip`, `lstrip` and `rstrip`: without the characters (absent: white space) at the ends. */
export function strip(text: string, side: Side, characters: string | null): string {
  const set = characters === null ? SPACE_SET : new Set(characters);
  let from = 0, to = text.length;
  if (side !== "right") {
    for (const character of text) {
      if (!set.has(character)) break;
      from += character.length;
    }
  }
  while (side !== "left" && to > from) {
    const last = [...text.slice(Math.max(from, to - 2), to)].at(-1)!;
    if (!set.has(last)) break;
    to -= last.length;
  }
  return text.slice(from, to);
}

/** `split`: cut at a separator (null: at white space), at most so often unless that is negative. */
export function split(text: string, separator: string | null, most: number): string[] {
  const limit = most < 0 ? Infinity : most;
  if (separator !== null) {
    const parts = text.split(checkSeparator(separator));
    if (parts.length > limit + 1) parts.push(parts.splice(limit).join(separator));
    return parts;
  }
  const parts: string[] = [];
  for (const { 0: word, index } of text.matchAll(WORD)) {
    if (parts.length >= limit) return [...parts, text.slice(index)];
    parts.push(word);
  }
  return parts;
}

/** `rsplit`: as `split`, from the end. */
export function splitFromEnd(text: string, separator: string | null, most: number): string[] {
  const limit = most < 0 ? Infinity : most;
  if (separator === null) {
    const words = [...text.matchAll(WORD)];
    const parts = words.map(([word]) => word);
    if (words.length <= limit) return parts;
    const { 0: word, index } = words[words.length - limit - 1]!;
    return [text.slice(0, index + word.length), ...parts.slice(words.length - limit)];
  }
  const { length } = checkSeparator(separator);
  const parts: string[] = [];
  let end = text.length;
  while (parts.length < limit && end >= length) {
    const at = text.lastIndexOf(separator, end - length);
    if (at < 0) break;
    parts.push(text.slice(at + length, end));
    end = at;
  }
  return [...parts, text.slice(0, end)].reverse();
}

function checkSeparator(separator: string): string {
  if (separator === "") throw new UserError("the separator of split() is empty");
  return separator;
}

/**
 * `capitalize`: the first letter upper, the rest lower. Letters whose title case is not their upper
 * case (ß, ǆ) get their upper case.
 */
export function capitalize(text: string): string {
  const first = [...text.slice(0, 2)][0] ?? "";
  return first.toUpperCase() + text.toLowerCase().slice(first.toLowerCase().length);
}

/** The method `title`: a word is a run of letters. */
export function title(text: string): string {
  return text.replaceAll(/\p{Cased}+/gu, capitalize);
}

/** Jinja's filter `title`: words begin after white space, "-" and opening brackets. */
export function titleFilter(text: string): string {
  return text.split(/([-\s({[<]+)/u).map(capitalize).join("");
}

/**
 * What `text[start:end]` is, counted in code points as Python does, and the index where it begins;
 * undefined where it begins after the text's end or its own.
 */
function range(text: string, start: number | null, end: number | null) {
  if (start === null && end === null) return { part: text, offset: 0 };
  const points = [...text];
  const clip = (index: number) =>
    index < 0 ? Math.max(0, points.length + index) : Math.min(index, points.length);
  const from = clip(start ?? 0), to = clip(end ?? points.length);
  if ((start ?? 0) > points.length || from > to) return undefined;
  return { part: points.slice(from, to).join(""), offset: from };
}

/** `startswith` and `endswith`, with any of several texts. */
export function hasEnd(
  text: string,
  side: "left" | "right",
  any: readonly string[],
  start: number | null,
  end: number | null,
): boolean {
  const part = range(text, start, end)?.part;
  if (part === undefined) return false;
  return any.some((each) => side === "left" ? part.startsWith(each) : part.endsWith(each));
}

/** `find`: the index of the first occurrence in code points, -1 without one. */
export function find(
  text: string,
  sought: string,
  start: number | null,
  end: number | null,
): number {
  const found = range(text, start, end);
  const at = found?.part.indexOf(sought) ?? -1;
  return at < 0 ? -1 : found!.offset + [...found!.part.slice(0, at)].length;
}
