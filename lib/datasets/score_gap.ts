import type { FieldMap } from "../data/record_fields.ts";
import { kindOf } from "../data/source_record.ts";
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
    const found = typeof value === "string" ? JSON.stringify(value) : kindOf(value);
    throw new UserError(`${where}: "${name}" is ${found}, not a finite number`);
  });
  const [chosen, rejected] = scores;
  return chosen === undefined || rejected === undefined ? {} : { gap: chosen - rejected };
}
