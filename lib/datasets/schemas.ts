import type { FieldMap } from "../data/record_fields.ts";
import { UserError } from "../errors.ts";
import type { DatasetSchema } from "./dataset_row.ts";
import { conversations } from "./schemas/conversations.ts";
import { hhRlhf } from "./schemas/hh_rlhf.ts";
import { tldr } from "./schemas/tldr.ts";
import { trl } from "./schemas/trl.ts";
import { ultrafeedback } from "./schemas/ultrafeedback.ts";

/** The published schemas, the most particular first. */
export const datasetSchemas: readonly DatasetSchema[] = [
  ultrafeedback,
  hhRlhf,
  tldr,
  conversations,
  trl,
];

/**
 * The schema of a data set, by its first record.
 *
 * @param name the schema's, or "auto"
 * @throws {UserError} naming the fields of a record that fits none
 */
export function schemaOf(name: string, where: string, fields: FieldMap): DatasetSchema {
  const found = name === "auto"
    ? datasetSchemas.find((schema) => schema.matches(fields))
    : datasetSchemas.find((schema) => schema.name === name);
  if (found !== undefined) return found;
  const there = Object.keys(fields).join(", ") || "no fields";
  throw new UserError(
    `${where}: a record with ${there} fits no known schema; known are ` +
      datasetSchemas.map(({ name, description }) => `${name} (${description})`).join("; "),
  );
}
