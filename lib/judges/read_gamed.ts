import { openRecords } from "../data/read_records.ts";
import { fieldsOf } from "../data/record_fields.ts";
import type { SourceRecord } from "../data/source_record.ts";
import { UserError } from "../errors.ts";
import type { GamedRow } from "./length_control.ts";
import type { EvaluationPrompt, EvaluationSet } from "./read_evaluation_set.ts";

/**
 * AlpacaEval 2's `df_gamed.csv` (data set `tatsu-lab/alpaca_eval` of the hub): `index`,
 * `preference`, `std_delta_len`, `instruction_difficulty`.
 *
 * @param set the instructions that they are for: AlpacaEval's, numbered by `index`, else by place
 * @throws {UserError} naming the record and the column that is no number, another set, an instruction
 * that the file has nothing of
 */
export async function readGamed(path: string, set: EvaluationSet): Promise<GamedRow[]> {
  if (set.schema !== "AlpacaEval") {
    throw new UserError(
      `${path} holds the difficulties of AlpacaEval's instructions, but the set is in the schema of ` +
        `${set.schema}: leave --gamed out`,
    );
  }
  const { records } = await openRecords(path);
  const rows: GamedRow[] = [];
  for await (const record of records) rows.push(rowOf(record));
  if (rows.length === 0) throw new UserError(`${path} holds no comparison`);
  checkNumbers(path, new Set(rows.map(({ index }) => index)), set.prompts);
  return rows;
}

/** Every instruction must have a number of its own that the file knows. */
function checkNumbers(
  path: string,
  known: ReadonlySet<number>,
  prompts: readonly EvaluationPrompt[],
): void {
  const idOf = new Map<number, string>();
  for (const { id, number } of prompts) {
    const other = idOf.get(number);
    if (other !== undefined) {
      throw new UserError(
        `instructions ${other} and ${id} both have index ${number}: --gamed needs AlpacaEval's own, ` +
          "or none where all stand in AlpacaEval's order",
      );
    }
    idOf.set(number, id);
    if (known.has(number)) continue;
    throw new UserError(
      `${path} has no row with index ${number}, that of instruction ${id}: give the difficulties of ` +
        "this set, or leave --gamed out",
    );
  }
}

function rowOf(record: SourceRecord): GamedRow {
  const fields = fieldsOf(record, "AlpacaEval's columns");
  const number = (name: string): number => {
    const value = fields[name];
    const found = value === "" || value === null ? NaN : Number(value);
    if (Number.isFinite(found)) return found;
    throw new UserError(`${record.where}: ${name} is ${JSON.stringify(value ?? null)}, no number`);
  };
  const preference = (fields.preference ?? "") === "" ? null : number("preference");
  if (preference !== null && (preference < 0 || preference > 1)) {
    throw new UserError(`${record.where}: preference ${preference} is not between 0 and 1`);
  }
  return {
    ...{ index: number("index"), preference, deltaLength: number("std_delta_len") },
    difficulty: number("instruction_difficulty"),
  };
}
