import { openRecords } from "../data/read_records.ts";
import { fieldsOf } from "../data/record_fields.ts";
import { UserError } from "../errors.ts";
import type { GamedRow } from "./length_control.ts";

/**
 * AlpacaEval 2's `df_gamed.csv` (data set `tatsu-lab/alpaca_eval` of the hub): `index`,
 * `preference`, `std_delta_len`, `instruction_difficulty`.
 *
 * @throws {UserError} naming the record and the column that is no number
 */
export async function readGamed(path: string): Promise<GamedRow[]> {
  const { records } = await openRecords(path);
  const rows: GamedRow[] = [];
  for await (const record of records) {
    const fields = fieldsOf(record, "AlpacaEval's columns");
    const number = (name: string): number => {
      const value = fields[name];
      const found = value === "" || value === null ? NaN : Number(value);
      if (Number.isFinite(found)) return found;
      throw new UserError(
        `${record.where}: ${name} is ${JSON.stringify(value ?? null)}, no number`,
      );
    };
    const preference = (fields.preference ?? "") === "" ? null : number("preference");
    if (preference !== null && (preference < 0 || preference > 1)) {
      throw new UserError(`${record.where}: preference ${preference} is not between 0 and 1`);
    }
    rows.push({
      ...{ index: number("index"), preference, deltaLength: number("std_delta_len") },
      difficulty: number("instruction_difficulty"),
    });
  }
  if (rows.length === 0) throw new UserError(`${path} holds no comparison`);
  return rows;
}
