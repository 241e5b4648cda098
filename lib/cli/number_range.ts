import type { NumberRule } from "../number_rule.ts";
import { UsageError } from "./usage_error.ts";

/** Bounds of a number; each is optional. */
export interface NumberRange {
  /** Smallest value allowed. */
  readonly min?: number;
  /** Every value must be above this. */
  readonly above?: number;
  /** Largest value allowed. */
  readonly max?: number;
  /** Every value must be below this. */
  readonly below?: number;
}

/**
 * A finite number that a rule accepts.
 *
 * @throws {UsageError} for example `--warmup must be in [0, 1), got 1.5`
 */
export function parseByRule(
  text: string,
  name: string,
  { text: must, accepts }: NumberRule,
): number {
  const value = toNumber(text);
  if (Number.isFinite(value) && accepts(value)) return value;
  const got = Number.isFinite(value) ? text.trim() : `"${text}"`;
  throw new UsageError(`${name} must be ${must}, got ${got}`);
}

/**
 * A finite number within a range.
 *
 * @throws {UsageError} for example `--keep must be in (0, 1], got 1.5`
 */
export function parseNumber(text: string, name: string, range: NumberRange): number {
  const value = toNumber(text);
  if (!Number.isFinite(value)) {
    throw new UsageError(`${name} must be a number${describe(range, " ")}, got "${text}"`);
  }
  if (!contains(range, value)) {
    throw new UsageError(`${name} must be${describe(range, " ")}, got ${text.trim()}`);
  }
  return value;
}

/** A whole number within a range. Throws as `parseNumber`. */
export function parseInteger(text: string, name: string, range: NumberRange): number {
  const value = toNumber(text);
  if (!Number.isSafeInteger(value) || !contains(range, value)) {
    const got = Number.isFinite(value) ? text.trim() : `"${text}"`;
    throw new UsageError(`${name} must be an integer${describe(range, " ")}, got ${got}`);
  }
  return value;
}

/** Whether a value lies in the range. */
export function contains(range: NumberRange, value: number): boolean {
  const { min = -Infinity, above = -Infinity, max = Infinity, below = Infinity } = range;
  return value >= min && value <= max && (value > above || above === -Infinity) &&
    (value < below || below === Infinity);
}

/** Decimal notation only: neither hexadecimal nor blank nor "Infinity". */
function toNumber(text: string): number {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : NaN;
}

function describe(range: NumberRange, before: string): string {
  const { min, above, max, below } = range;
  const low = above ?? min;
  const high = below ?? max;
  if (low === undefined && high === undefined) return "";
  if (high === undefined) return `${before}${above === undefined ? "of at least" : "above"} ${low}`;
  if (low === undefined) return `${before}${below === undefined ? "of at most" : "below"} ${high}`;
  const open = above === undefined ? "[" : "(";
  return `${before}in ${open}${low}, ${high}${below === undefined ? "]" : ")"}`;
}
