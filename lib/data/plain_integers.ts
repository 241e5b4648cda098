/**
 * A value with its 64-bit integers, those within lists and objects too, as JSON has integers: a
 * number up to 2^53 - 1, beyond it the text of its decimal digits, which keeps an id exact.
 * Whatever computes with a column asks for numbers, so such an integer is refused there.
 */
export function plainIntegers(value: unknown): unknown {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (Array.isArray(value)) return value.map(plainIntegers);
  if (typeof value !== "object" || value?.constructor !== Object) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, plainIntegers(each)]),
  );
}
