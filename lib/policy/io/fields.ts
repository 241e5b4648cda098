import { UserError } from "../../errors.ts";

/** Typed access to the fields of a foreign record; every complaint names record and field. */
export interface Fields {
  /** Whether the field is there and not null. */
  has(name: string): boolean;
  /** An integer in [1, 2^31). Without a fallback the field is required. */
  count(name: string, fallback?: number): number;
  /** A finite number above 0. */
  positive(name: string, fallback?: number): number;
  boolean(name: string, fallback: boolean): boolean;
  text(name: string): string | undefined;
}

/** @param origin names the record in messages, for example the path of its file */
export function fieldsOf(record: Readonly<Record<string, unknown>>, origin: string): Fields {
  const value = (name: string): unknown => {
    const found = Object.hasOwn(record, name) ? record[name] : undefined;
    return typeof found === "bigint" ? Number(found) : found ?? undefined;
  };
  const number = (
    name: string,
    fallback: number | undefined,
    isValid: (n: number) => boolean,
    what: string,
  ): number => {
    const found = value(name) ?? fallback;
    if (found === undefined) throw new UserError(`${origin}: "${name}" is missing`);
    if (typeof found !== "number" || !isValid(found)) {
      throw new UserError(`${origin}: "${name}" is ${JSON.stringify(found)}, not ${what}`);
    }
    return found;
  };
  const isCount = (n: number) => Number.isSafeInteger(n) && n >= 1 && n < 2 ** 31;
  return {
    has: (name) => value(name) !== undefined,
    count: (name, fallback) => number(name, fallback, isCount, "a positive integer"),
    positive: (name, fallback) =>
      number(name, fallback, (n) => Number.isFinite(n) && n > 0, "a positive number"),
    boolean: (name, fallback) => {
      const found = value(name) ?? fallback;
      if (typeof found === "boolean") return found;
      throw new UserError(`${origin}: "${name}" is ${JSON.stringify(found)}, not true or false`);
    },
    text: (name) => {
      const found = value(name);
      return typeof found === "string" ? found : undefined;
    },
  };
}
