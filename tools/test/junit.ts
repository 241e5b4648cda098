/** Deno's JUnit report, as far as the gate counts it. */

/** What a report says: names only where something is to be shown. */
export interface Counts {
  readonly passed: number;
  readonly failures: string[];
  readonly skipped: string[];
}

/** Counts tests. Their steps come after them, named `test > step`, and belong to them. */
export function readJunit(xml: string): Counts {
  const failures: string[] = [];
  const skipped: string[] = [];
  const tests: string[] = [];
  for (const [, attributes = "", selfClosed, body = ""] of xml.matchAll(testcase)) {
    const name = unescape(/\bname="([^"]*)"/.exec(attributes)?.[1] ?? "?");
    if (tests.some((test) => name.startsWith(`${test} > `))) continue;
    tests.push(name);
    if (selfClosed === undefined && body.includes("<failure")) failures.push(name);
    else if (selfClosed === undefined && body.includes("<skipped")) skipped.push(name);
  }
  return { passed: tests.length - failures.length - skipped.length, failures, skipped };
}

const testcase = /<testcase\b((?:"[^"]*"|[^">/])*)(?:(\/)>|>([\s\S]*?)<\/testcase>)/g;

function unescape(text: string): string {
  return text.replaceAll("&quot;", '"').replaceAll("&apos;", "'").replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
