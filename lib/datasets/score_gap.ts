import type { FieldMap } from "../data/record_fields.ts";
import { UserError } from "../errors.ts";

/**
 * The gap between the scores of a pair, where it has them.
 *
 * @throws {UserError} naming a score that is no finite number
 */
export function scoreGap(where: string, fields: FieldMap): { gap?: number } {
  const scores = ["score_chosen", "score_rejected"].map((name) => {
    const value = fields[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value === "number" && Number.isFinite(value)) return value;
    throw new UserError(`${where}: "${name}" is ${JSON.stringify(value)}, not a number`);
  });
  const [chosen, rejected] = scores;
  return chosen === undefined || rejected === undefined ? {} : { gap: chosen - rejected };
}
