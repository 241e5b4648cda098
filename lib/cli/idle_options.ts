import type { OptionTable } from "./option.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Options without effect, by their keys in the table, each with what leaves it so, as it stands on
 * the command line.
 */
export type IdleOptions<Key> = ReadonlyMap<Key, string>;

/** Options of the same reason. */
export function idleFor<Key extends string>(
  keys: readonly Key[],
  reason: string,
): Map<Key, string> {
  return new Map(keys.map((key) => [key, reason]));
}

/**
 * Refuses options that were given, on the command line or in a config file, and would do nothing.
 *
 * @param given how the user wrote each option
 * @throws {UsageError} naming both options
 */
export function refuseIdle<Key>(idle: IdleOptions<Key>, given: ReadonlyMap<Key, string>): void {
  for (const [key, reason] of idle) {
    const name = given.get(key);
    if (name === undefined) continue;
    throw new UsageError(`${name} has no effect with ${reason}: leave one of them out`);
  }
}

/** Values for a run's config file, in the table's order: all but idle ones and those of this call. */
export function valuesInForce<Values extends object>(
  table: OptionTable,
  values: Values,
  idle: IdleOptions<keyof Values>,
): Partial<Values> {
  const left = new Set<PropertyKey>(["config", "force", ...idle.keys()]);
  return Object.fromEntries(
    Object.keys(table).filter((key) => !left.has(key))
      .map((key) => [key, values[key as keyof Values]]),
  ) as Partial<Values>;
}
