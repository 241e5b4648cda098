import { type FieldMap, flippedField } from "../data/record_fields.ts";
import { shownValue } from "../data/source_record.ts";
import { UserError } from "../errors.ts";
import type { PairRow } from "./dataset_row.ts";

/**
 * What a pair's record says beside its texts: the gap between its scores, and whether its labels
 * were exchanged. `data` writes both itself, as `score_gap` and `flipped`.
 *
 * @throws {UserError} naming a score that is no finite number, or a `flipped` that is neither
 */
export function pairColumns(where: string, fields: FieldMap): Pick<PairRow, "gap" | "flipped"> {
  const number = (name: string) => numberOf(where, name, fields[name]);
  const [chosen, rejected] = [number("score_chosen"), number("score_rejected")];
  const gap = chosen === undefined || rejected === undefined
    ? number("score_gap")
    : chosen - rejected;
  const flipped = flippedField(where, fields);
  return { ...(gap !== undefined && { gap }), ...(flipped !== undefined && { flipped }) };
}

/** A number, or the text of one (CSV knows texts alone) unless it has more digits than a number. */
function numberOf(where: string, name: string, value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  const exact = value === number || Math.abs(Number(number)) <= Number.MAX_SAFE_INTEGER;
  if (typeof number === "number" && Number.isFinite(number) && exact) return number;
  throw new UserError(`${where}: "${name}" is ${shownValue(value)}, not a finite number`);
}
