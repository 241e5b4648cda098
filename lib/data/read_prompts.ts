import { createHash } from "node:crypto";
import { UserError } from "../errors.ts";
import type { TextOrMessages } from "./preference.ts";
import { checkLimit, openRecords } from "./read_records.ts";
import { type FieldMap, fieldsOf, idField, textField } from "./record_fields.ts";
import { refuseTemplateInput, TEMPLATE_COLUMNS } from "./template_input.ts";

/** A prompt to answer. */
export interface PromptRecord {
  /** The record's own `id`, or its position in the file counted from 0. */
  readonly id: string;
  readonly prompt: TextOrMessages;
}

/** The prompts of one file. */
export interface PromptFile {
  readonly path: string;
  readonly prompts: readonly PromptRecord[];
  /** SHA-256 of ids and prompts in order. */
  readonly fingerprint: string;
}

/**
 * Reads prompts: the `prompt` field (text or messages) of JSONL, JSON or Parquet records, whatever
 * other fields they have, or the lines of a `.txt` file.
 *
 * @throws {UserError} one line that names the file, the record and what is wrong
 */
export async function readPrompts(
  path: string,
  options: { readonly limit?: number | undefined } = {},
): Promise<PromptFile> {
  const limit = checkLimit(options.limit);
  const { kind, records } = await openRecords(path, ["id", "prompt", ...TEMPLATE_COLUMNS]);
  const prompts: PromptRecord[] = [];
  const ids = new Map<string, string>();
  for await (const record of records) {
    const fields: FieldMap = kind === "text"
      ? { prompt: record.value }
      : fieldsOf(record, '"prompt"');
    refuseTemplateInput(record.where, fields);
    const id = idField(record.where, fields, prompts.length, ids);
    prompts.push({ id, prompt: textField(record.where, fields, "prompt") });
    if (prompts.length >= limit) break;
  }
  if (prompts.length === 0) throw new UserError(`${path} holds no prompt`);
  const hash = createHash("sha256");
  for (const { id, prompt } of prompts) hash.update(JSON.stringify([id, prompt]) + "\n");
  return { path, prompts, fingerprint: hash.digest("hex") };
}
