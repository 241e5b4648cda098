/** One record of a data file, before anything is known about its fields. */
export interface SourceRecord {
  /** Line of a text file, else the record's number; counted from 1. */
  readonly line: number;
  /** Where it stands, for messages: `pairs.jsonl:3`, `pairs.parquet: record 3`. */
  readonly where: string;
  /** Parsed, not validated. */
  readonly value: unknown;
}

/** What kind of thing a value is, for messages: `null`, `a list`, `number 5`. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "string") return value === "" ? "empty text" : "text";
  if (typeof value === "object") return "an object";
  return `${typeof value} ${value}`;
}

/** A value of the wrong kind for an error message: a text itself, else what it is. */
export function shownValue(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : kindOf(value);
}
