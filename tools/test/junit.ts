/** Deno's JUnit report, as far as the gate counts it. */

/** What a report says: names only where something is to be shown. */
export interface Counts {
  readonly passed: number;
  readonly failures: string[];
  readonly skipped: string[];
}

/** Counts top-level tests; steps of a test belong to it. */
export function readJunit(xml: string): Counts {
  const failures: string[] = [];
  const skipped: string[] = [];
  let passed = 0;
  for (const [, attributes = "", selfClosed, body = ""] of xml.matchAll(testcase)) {
    const name = unescape(/\bname="([^"]*)"/.exec(attributes)?.[1] ?? "?");
    if (name.includes(" > ") && failures.concat(skipped).some((n) => name.startsWith(n))) continue;
    if (selfClosed === undefined && body.includes("<failure")) failures.push(name);
    else if (selfClosed === undefined && body.includes("<skipped")) skipped.push(name);
    else passed++;
  }
  return { passed, failures, skipped };
}

const testcase = /<testcase\b((?:"[^"]*"|[^">/])*)(?:(\/)>|>([\s\S]*?)<\/testcase>)/g;

function unescape(text: string): string {
  return text.replaceAll("&quot;", '"').replaceAll("&apos;", "'").replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
