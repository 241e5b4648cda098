import { openRecords } from "../data/read_records.ts";
import { type FieldMap, fieldsOf, textField } from "../data/record_fields.ts";
import { refuseTemplateInput } from "../data/template_input.ts";
import { UserError } from "../errors.ts";

/** An instruction of an evaluation set. */
export interface EvaluationPrompt {
  /** The set's own id, or the place in the file counted from 0. */
  readonly id: string;
  /** Place in the file, from 0. */
  readonly index: number;
  /** AlpacaEval's own number of the instruction, by which difficulties go; the place without one. */
  readonly number: number;
  readonly instruction: string;
  /** Data set, category or skill; null for none. */
  readonly group: string | null;
  /** The reference's answer, where the set has one. */
  readonly reference: string | null;
}

/** An evaluation set. */
export interface EvaluationSet {
  /** Whose schema it has. */
  readonly schema: SchemaName;
  /** Whether these are all of the file's: no limit cut any off. */
  readonly whole: boolean;
  readonly prompts: readonly EvaluationPrompt[];
}

/** Fields of the published schemas. */
const SCHEMAS = {
  "AlpacaEval": { instruction: "instruction", id: "id", group: "dataset", reference: "output" },
  "Vicuna": { instruction: "text", id: "question_id", group: "category", reference: undefined },
  "Evol-Instruct": {
    instruction: "Instruction",
    id: "idx",
    group: "Skill",
    reference: undefined,
  },
  "prompts": { instruction: "prompt", id: "id", group: undefined, reference: undefined },
} as const;

/** Name of a schema. */
export type SchemaName = keyof typeof SCHEMAS;

/**
 * Reads an evaluation set in its published schema, JSON, JSONL or any other kind of records:
 * AlpacaEval (`instruction`, `output`, `dataset`), Vicuna (`question_id`, `text`, `category`; in
 * FastChat's form `turns` with the one text),
 * WizardLM's Evol-Instruct test set (`idx`, `Skill`, `Instruction`), or the suite's own (`id`,
 * `prompt`).
 *
 * @throws {UserError} naming file and record: another schema, an empty instruction, an id used twice
 */
export async function readEvaluationSet(
  path: string,
  limit: number | undefined,
): Promise<EvaluationSet> {
  const { records } = await openRecords(path);
  const prompts: EvaluationPrompt[] = [];
  const used = new Set<string>();
  let schema: SchemaName | undefined;
  let whole = true;
  for await (const record of records) {
    if (prompts.length === limit) {
      whole = false;
      break;
    }
    const { where } = record;
    const fields = withTurn(
      where,
      fieldsOf(record, '"instruction", "text", "Instruction" or "prompt"'),
    );
    schema ??= schemaOf(where, fields);
    const names = SCHEMAS[schema];
    refuseTemplateInput(where, fields);
    const instruction = instructionOf(where, fields, names.instruction);
    const id = String(fields[names.id] ?? prompts.length);
    if (used.has(id)) throw new UserError(`${where}: ${names.id} ${id} was used before`);
    used.add(id);
    const text = (name: string | undefined) => {
      const value = name === undefined ? undefined : fields[name];
      return typeof value === "string" && value !== "" ? value : null;
    };
    const [group, reference] = [text(names.group), text(names.reference)];
    const index = prompts.length, number = numberOf(fields) ?? index;
    prompts.push({ ...{ id, index, number, instruction }, group, reference });
  }
  if (schema === undefined) throw new UserError(`${path} holds no instruction`);
  return { schema, prompts, whole };
}

/** AlpacaEval's `index`, which its published results have. */
function numberOf({ index }: FieldMap): number | null {
  const found = typeof index === "string" && /^\d+$/.test(index) ? Number(index) : index;
  return Number.isSafeInteger(found) ? found as number : null;
}

/** The record with its one turn as `text`: FastChat writes Vicuna's questions as it does MT-bench's. */
function withTurn(where: string, fields: FieldMap): FieldMap {
  const { turns } = fields;
  if (!Array.isArray(turns)) return fields;
  if (turns.length > 1) {
    throw new UserError(
      `${where} is of MT-bench: several turns cannot be judged here; give AlpacaEval's, Vicuna's or ` +
        "Evol-Instruct's instructions",
    );
  }
  return typeof turns[0] === "string" ? { text: turns[0], ...fields } : fields;
}

function schemaOf(where: string, fields: FieldMap): SchemaName {
  const has = (name: string) => Object.hasOwn(fields, name);
  // Beside a prompt, a text without Vicuna's id is a column of the user's own.
  const own = has("prompt") && !has("question_id");
  const found = Object.entries(SCHEMAS).find(([name, { instruction }]) =>
    has(instruction) && !(name === "Vicuna" && own)
  );
  if (found !== undefined) return found[0] as SchemaName;
  throw new UserError(
    `${where} is of no known schema (AlpacaEval: instruction; Vicuna: text; Evol-Instruct: ` +
      `Instruction; or prompt); fields found: ${Object.keys(fields).join(", ") || "none"}`,
  );
}

/** A text, or the one message of a user. */
export function instructionOf(where: string, fields: FieldMap, name: string): string {
  const value = textField(where, fields, name);
  if (typeof value === "string") return value;
  const [only, ...more] = value;
  if (only?.role === "user" && more.length === 0) return only.content;
  throw new UserError(`${where}: "${name}" is a conversation: only a single message can be judged`);
}
