/** Log-probabilities of records that somebody else's model scored. */
import { openRecords } from "../data/read_records.ts";
import { type FieldMap, fieldsOf } from "../data/record_fields.ts";
import { kindOf } from "../data/source_record.ts";
import { UserError } from "../errors.ts";
import { type Columns, columnsAmong, findColumns, type Names } from "./columns.ts";
import { NumberColumn } from "./number_column.ts";
import {
  promptMark,
  promptsDiffer,
  textHashColumn,
  textMark,
  textsDiffer,
} from "./record_marks.ts";

/** The scores of one file, in its order. */
export interface ScoredFile<Role extends string> {
  readonly path: string;
  /** Its first record, for messages. */
  readonly where: string;
  /** Each record's own `id`, or its position from 0. */
  readonly ids: readonly string[];
  /** Whether no record has an id, so that `ids` are positions. */
  readonly positional: boolean;
  /** The marks of each record, where asked for: of its prompt, and of all its texts. */
  readonly marks?: { readonly prompts: Float64Array; readonly texts: Float64Array } | undefined;
  /** The numbers of the roles that have a column, one per record. */
  readonly numbers: ReadonlyMap<Role, Float64Array>;
  /** Names of all columns of the first record. */
  readonly fields: readonly string[];
}

/** How a file of scores is read. */
export interface ReadScoredOptions<Role extends string> {
  /** Names that each role's column may have. */
  readonly known: Names<Role>;
  /** Columns by role where they have other names. */
  readonly given: Columns<Role>;
  /** Whether given columns may be missing: known names then stand for them. Default false. */
  readonly lenient?: boolean;
  /** Further columns that `onRecord` reads. */
  readonly others?: readonly string[];
  /** Whether records may have one id: candidates of one prompt. Default false. */
  readonly sharedIds?: boolean;
  /** Whether records are marked, so that those of other files can be compared. Default false. */
  readonly marks?: boolean;
  /** Sees every record while it is in memory. */
  readonly onRecord?: (fields: FieldMap, index: number, where: string) => void;
}

/**
 * Reads the scores of JSONL, JSON or Parquet, one record at a time: only numbers and ids stay in
 * memory.
 *
 * @throws {UserError} naming file, record and column where a number is missing or not finite, or
 * both records where an id occurs twice
 */
export async function readScored<Role extends string>(
  path: string,
  options: ReadScoredOptions<Role>,
): Promise<ScoredFile<Role>> {
  const { known, given, lenient = false, others = [], onRecord } = options;
  const { sharedIds = false, marks = false } = options;
  const names = Object.values(known as Readonly<Record<string, readonly string[]>>).flat();
  const wanted = ["id", ...names, ...Object.values(given) as string[], ...others];
  if (marks) wanted.push("prompt", textHashColumn);
  const { records } = await openRecords(path, wanted);
  const ids: string[] = [];
  let fieldNames: string[] | undefined;
  let first = path;
  let positional = true;
  const [prompts, texts] = [new NumberColumn(), new NumberColumn()];
  const columns: { readonly name: string; readonly role: Role; readonly values: NumberColumn }[] =
    [];
  for await (const record of records) {
    const fields = fieldsOf(record, "log-probabilities");
    if (fieldNames === undefined) {
      fieldNames = Object.keys(fields);
      first = record.where;
      const named = lenient ? columnsAmong(given, fieldNames) : given;
      const found = findColumns(known, named, fieldNames, record.where);
      for (const [role, name] of Object.entries(found) as [Role, string][]) {
        columns.push({ name, role, values: new NumberColumn() });
      }
    }
    for (const { name, values } of columns) values.push(numberOf(fields, name, record.where));
    onRecord?.(fields, ids.length, record.where);
    if (marks) {
      prompts.push(promptMark(fields.prompt));
      texts.push(textMark(fields[textHashColumn]));
    }
    if (fields.id !== undefined && fields.id !== null) positional = false;
    ids.push(String(fields.id ?? ids.length));
  }
  if (fieldNames === undefined) throw new UserError(`${path} holds no record`);
  // A set at the end, of the very strings in `ids`: it is gone before the next file is read.
  if (!sharedIds && !positional && new Set(ids).size < ids.length) throw await repeated(path, ids);
  return {
    path,
    where: first,
    ...{ ids, positional },
    marks: marks ? { prompts: prompts.values(), texts: texts.values() } : undefined,
    numbers: new Map(columns.map(({ role, values }) => [role, values.values()])),
    fields: fieldNames,
  };
}

/** The error of an id that occurs twice. The file is read again, to say where. */
async function repeated(path: string, ids: readonly string[]): Promise<UserError> {
  const before = new Set<string>();
  const second = ids.findIndex((id) => before.size === before.add(id).size);
  const id = ids[second] as string;
  const first = ids.indexOf(id);
  const places: string[] = [];
  let index = 0;
  for await (const { where } of (await openRecords(path, ["id"])).records) {
    if (index === first || index === second) places.push(where);
    if (index++ === second) break;
  }
  return new UserError(
    `${places.join(" and ")} both have the id "${id}": give each pair an id of its own, or none`,
  );
}

function numberOf(fields: FieldMap, name: string, where: string): number {
  const value = fields[name];
  if (typeof value === "number" && Number.isFinite(value)) return value;
  const found = typeof value === "string" ? `text ${JSON.stringify(value)}` : kindOf(value);
  throw new UserError(`${where}: "${name}" must be a number, got ${found}`);
}

/**
 * The numbers of a file in the order of another's records: those of an earlier iteration beside
 * today's.
 *
 * @throws {UserError} where a record is missing or has other texts, or records are told by their
 * positions and one file has more
 */
export function inOrderOf<Role extends string>(
  file: ScoredFile<Role>,
  newest: ScoredFile<Role>,
): ReadonlyMap<Role, Float64Array> {
  const order = orderOf(file, newest);
  checkTexts(file, newest, order);
  if (order === undefined) return file.numbers;
  return new Map(
    [...file.numbers].map(([role, values]) => [
      role,
      Float64Array.from(order, (at) => values[at] as number),
    ]),
  );
}

/** Where the newest file's records stand in another; undefined where the order is the same. */
function orderOf<Role extends string>(
  file: ScoredFile<Role>,
  { ids, path: origin, positional }: ScoredFile<Role>,
): Uint32Array | undefined {
  if ((file.positional || positional) && file.ids.length !== ids.length) {
    throw new UserError(
      `${file.path} has ${file.ids.length} records and ${origin} ${ids.length}, and without an id ` +
        "in both only their positions tell which belong together: score the same records, or give " +
        'each a field "id"',
    );
  }
  if (file.ids.length === ids.length && file.ids.every((id, i) => id === ids[i])) return undefined;
  const place = new Map(file.ids.map((id, i) => [id, i]));
  return Uint32Array.from(ids, (id) => {
    const at = place.get(id);
    if (at !== undefined) return at;
    throw new UserError(
      `${file.path} has no record "${id}", which ${origin} has: score the same records`,
    );
  });
}

/** Ids may be positions that `score` wrote down: texts tell that rows were put in or left out. */
function checkTexts<Role extends string>(
  { path, marks }: ScoredFile<Role>,
  newest: ScoredFile<Role>,
  order: Uint32Array | undefined,
): void {
  if (marks === undefined || newest.marks === undefined) return;
  for (let i = 0; i < newest.ids.length; i++) {
    const at = order?.[i] ?? i;
    const of = (kind: "prompts" | "texts") =>
      [marks[kind][at] as number, newest.marks?.[kind][i] as number] as const;
    const different = promptsDiffer(...of("prompts"))
      ? "prompts"
      : textsDiffer(...of("texts"))
      ? "texts (text_hash)"
      : undefined;
    if (different === undefined) continue;
    throw new UserError(
      `record ${at + 1} of ${path} and record ${i + 1} of ${newest.path} have the id ` +
        `"${newest.ids[i]}" and different ${different}: score the same records for both, each ` +
        "with an id of its own",
    );
  }
}
