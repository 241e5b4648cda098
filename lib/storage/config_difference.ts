import { canonicalJson } from "../files/canonical_json.ts";

/** One key at which two configs differ; `undefined` where it is absent. */
export interface ConfigDifference {
  /** Dotted path, as in `model.rank`. */
  readonly key: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Every key at which two configs differ, sorted. Lists count as one value. */
export function configDifferences(before: unknown, after: unknown, key = ""): ConfigDifference[] {
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((name) =>
      configDifferences(before[name], after[name], key === "" ? name : `${key}.${name}`)
    );
  }
  return show(before) === show(after) ? [] : [{ key, before, after }];
}

/** Differences as text: `loss was "dpo", is "ipo"; seed was 0, is 1`. Long values are cut. */
export function describeDifferences(differences: readonly ConfigDifference[], most = 8): string {
  const shown = differences.slice(0, most).map(({ key, before, after }) =>
    `${key} was ${cut(show(before))}, is ${cut(show(after))}`
  );
  const left = differences.length - shown.length;
  return shown.join("; ") + (left > 0 ? `; and ${left} more` : "");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return value === undefined ? "absent" : canonicalJson(value);
}

function cut(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
