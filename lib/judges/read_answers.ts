import { openRecords } from "../data/read_records.ts";
import { type FieldMap, fieldsOf } from "../data/record_fields.ts";
import { UserError } from "../errors.ts";
import type { EvaluationSet } from "./read_evaluation_set.ts";

/** Where published files of answers have them. */
const ANSWER_FIELDS = ["output", "response", "answer", "text", "completion"] as const;
const INSTRUCTION_FIELDS = ["instruction", "Instruction", "prompt"] as const;
const ID_FIELDS = ["question_id", "idx", "id"] as const;

/**
 * Answers to an evaluation set, in its order: AlpacaEval's model outputs (`instruction`, `output`),
 * Vicuna's answers (`question_id`, `text`), FastChat's (`question_id`, `choices`), or what `generate`
 * writes (`id`, `prompt`, `response`). A record belongs to the instruction that it repeats, else to
 * its id, else to its place. Where several instructions have the same text, the id tells which one is
 * meant, else their order does.
 *
 * @throws {UserError} naming the record or the instruction: no answer, two answers
 */
export async function readAnswers(path: string, set: EvaluationSet): Promise<string[]> {
  const { prompts } = set;
  const given = await givenAnswers(path);
  const textOf = new Map(prompts.map(({ id, instruction }) => [id, instruction]));
  const isNamed = ({ id, instruction }: GivenAnswer) =>
    id !== undefined && instruction !== undefined && textOf.get(id) === instruction;
  const answers = new Map<number, string>();
  const foreignIds: string[] = [];
  const find = finderOf(set, answers);
  // Of instructions with the same text, those without a name get what is left.
  for (const answer of [...given.filter(isNamed), ...given.filter((each) => !isNamed(each))]) {
    const { where, instruction, id } = answer;
    const index = find(answer);
    if (index === undefined) {
      if (instruction === undefined && id !== undefined) foreignIds.push(id);
      continue; // of another instruction, one beyond --limit for example
    }
    if (answers.has(index)) {
      throw new UserError(
        `${where} is a second answer to instruction ${prompts[index]?.id}: give one each ` +
          "(generate --responses 1)",
      );
    }
    answers.set(index, answerOf(where, answer.fields));
  }
  return prompts.map(({ id, index, instruction }) => {
    const answer = answers.get(index);
    if (answer !== undefined) return answer;
    const ids = foreignIds.length === 0
      ? ""
      : `, and ids (${few(foreignIds)}) that are not among those of the instructions (${
        few(prompts.map(({ id }) => id))
      })`;
    throw new UserError(
      `${path} has no answer to instruction ${id} (${JSON.stringify(instruction.slice(0, 40))}), ` +
        `but answers to ${answers.size} of ${prompts.length}${ids}: give the answers to this set`,
    );
  });
}

/** A record of a file of answers. */
interface GivenAnswer {
  /** File and line, for messages. */
  readonly where: string;
  readonly fields: FieldMap;
  /** What it says of its instruction. */
  readonly instruction: string | undefined;
  readonly id: string | undefined;
  /** In the file, from 0. */
  readonly place: number;
}

async function givenAnswers(path: string): Promise<GivenAnswer[]> {
  const { records } = await openRecords(path);
  const given: GivenAnswer[] = [];
  for await (const record of records) {
    const fields = fieldsOf(record, `an answer (${ANSWER_FIELDS.join(", ")})`);
    const instruction = INSTRUCTION_FIELDS.map((name) => textIn(fields[name]))
      .find((text) => text !== null);
    const found = ID_FIELDS.map((name) => fields[name])
      .find((value) => value !== undefined && value !== null);
    const id = found === undefined ? undefined : String(found);
    given.push({ where: record.where, fields, instruction, id, place: given.length });
  }
  return given;
}

/** Finds an answer's instruction, by index; undefined where it is none of the set. */
function finderOf(
  { prompts, whole }: EvaluationSet,
  answers: ReadonlyMap<number, string>,
): (answer: GivenAnswer) => number | undefined {
  const byText = Map.groupBy(prompts, ({ instruction }) => instruction);
  const byId = new Map(prompts.map((prompt) => [prompt.id, prompt]));
  return ({ instruction, id, place }) => {
    const named = id === undefined ? prompts[place] : byId.get(id);
    if (instruction === undefined) return named?.index;
    if (id !== undefined && named?.instruction === instruction) return named.index;
    const same = byText.get(instruction) ?? [];
    const next = same.find(({ index }) => !answers.has(index));
    // An instruction that a limit cut off may have the same text.
    return next?.index ?? (named === undefined && !whole ? undefined : same[0]?.index);
  };
}

/** The first of some names. */
function few(names: readonly string[]): string {
  return names.slice(0, 3).join(", ") + (names.length > 3 ? ", ..." : "");
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

/** A text, or a user's single message; null for an empty one, which is no instruction. */
function textIn(value: unknown): string | null {
  if (typeof value === "string") return value === "" ? null : value;
  if (!Array.isArray(value) || value.length !== 1) return null;
  const content: unknown = (value[0] as { content?: unknown } | null)?.content;
  return typeof content === "string" ? content : null;
}
