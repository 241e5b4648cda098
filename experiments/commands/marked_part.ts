/** The comments that a generated part of a Markdown page stands between. */
export interface Marks {
  readonly begin: string;
  readonly end: string;
}

/**
 * The part of a page between two comments.
 *
 * @throws RangeError where the page lacks them
 */
export function markedPart(page: string, { begin, end }: Marks): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new RangeError(`the page lacks "${begin}" or "${end}"`);
  return page.slice(from + begin.length, to).trim();
}

/**
 * The page with another part between two comments.
 *
 * @throws RangeError where the page lacks them
 */
export function withMarkedPart(page: string, marks: Marks, part: string): string {
  markedPart(page, marks);
  const { begin, end } = marks;
  const before = page.slice(0, page.indexOf(begin) + begin.length);
  return `${before}\n\n${part.trim()}\n\n${page.slice(page.indexOf(end))}`;
}
