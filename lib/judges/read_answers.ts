import { openRecords } from "../data/read_records.ts";
import { type FieldMap, fieldsOf } from "../data/record_fields.ts";
import { UserError } from "../errors.ts";
import type { EvaluationPrompt } from "./read_evaluation_set.ts";

/** Where published files of answers have them. */
const ANSWER_FIELDS = ["output", "response", "answer", "text", "completion"] as const;
const INSTRUCTION_FIELDS = ["instruction", "Instruction", "prompt"] as const;
const ID_FIELDS = ["question_id", "idx", "id"] as const;

/**
 * Answers to an evaluation set, in its order: AlpacaEval's model outputs (`instruction`, `output`),
 * Vicuna's answers (`question_id`, `text`), FastChat's (`question_id`, `choices`), or what `generate`
 * writes (`id`, `prompt`, `response`). A record belongs to the instruction that it repeats, else to
 * its id, else to its place.
 *
 * @throws {UserError} naming the record or the instruction: no answer, two answers
 */
export async function readAnswers(
  path: string,
  prompts: readonly EvaluationPrompt[],
): Promise<string[]> {
  const byText = new Map(prompts.map((prompt) => [prompt.instruction, prompt.index]));
  const byId = new Map(prompts.map((prompt) => [prompt.id, prompt.index]));
  const answers = new Map<number, string>();
  const { records } = await openRecords(path);
  let place = -1;
  for await (const record of records) {
    place++;
    const { where } = record;
    const fields = fieldsOf(record, `an answer (${ANSWER_FIELDS.join(", ")})`);
    const instruction = INSTRUCTION_FIELDS.map((name) => textIn(fields[name]))
      .find((text) => text !== null);
    const id = ID_FIELDS.map((name) => fields[name]).find((value) => value !== undefined);
    const index = instruction !== undefined
      ? byText.get(instruction)
      : byId.get(String(id ?? place));
    if (index === undefined) continue; // of an instruction beyond --limit
    if (answers.has(index)) {
      throw new UserError(
        `${where} is a second answer to instruction ${prompts[index]?.id}: give one each ` +
          "(generate --responses 1)",
      );
    }
    answers.set(index, answerOf(where, fields));
  }
  return prompts.map(({ id, index, instruction }) => {
    const answer = answers.get(index);
    if (answer !== undefined) return answer;
    throw new UserError(
      `${path} has no answer to instruction ${id} (${JSON.stringify(instruction.slice(0, 40))}), ` +
        `but answers to ${answers.size} of ${prompts.length}: give the answers to this set`,
    );
  });
}

/** An answer's text; it may be empty, which a judge will not like. */
function answerOf(where: string, fields: FieldMap): string {
  const { choices } = fields as { choices?: unknown };
  if (Array.isArray(choices)) {
    const turns: unknown = (choices[0] as { turns?: unknown } | undefined)?.turns;
    if (Array.isArray(turns) && typeof turns[0] === "string") return turns[0];
  }
  for (const name of ANSWER_FIELDS) {
    const value = fields[name];
    if (typeof value === "string") return value;
  }
  throw new UserError(
    `${where} has no answer (${ANSWER_FIELDS.join(", ")} or choices); fields found: ` +
      `${Object.keys(fields).join(", ") || "none"}`,
  );
}

/** A text, or a user's single message. */
function textIn(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (!Array.isArray(value) || value.length !== 1) return null;
  const content: unknown = (value[0] as { content?: unknown } | null)?.content;
  return typeof content === "string" ? content : null;
}
