import type { FieldMap } from "../../../lib/data/record_fields.ts";
import { UserError } from "../../../lib/errors.ts";
import { NumberColumn } from "../../../lib/scored/number_column.ts";
import type { PairRole } from "../../../lib/scored/columns.ts";
import type { ScoredFile } from "../../../lib/scored/read_scored.ts";
import type { PairFacts } from "../../../lib/scored/selection_report.ts";

/** Where a source is looked for if none is named: in the file, or where `score` puts it. */
const SOURCES = ["source", "source.source"];

/** Gathers what the report and the oracle need while pairs are read. */
export class FactGatherer {
  readonly #given: string | undefined;
  readonly #chosen = new NumberColumn();
  readonly #rejected = new NumberColumn();
  readonly #sources = new Map<string, number>();
  readonly #sourceOf = new NumberColumn();
  #withSource = 0;
  readonly #flipped: boolean[] = [];

  /** @param given column that the report groups by, `source.NAME` one within another */
  constructor(given: string | undefined) {
    this.#given = given;
  }

  /** Columns of the file that are looked at. */
  get columns(): readonly string[] {
    const named = this.#given === undefined ? SOURCES : [this.#given];
    return ["chosen", "rejected", "flipped", ...named.flatMap((path) => [path, rootOf(path)])];
  }

  /**
   * Takes note of a record.
   *
   * @throws {UserError} if the column to group by holds an object: each would be a group of its own
   */
  add(fields: FieldMap, where: string): void {
    this.#chosen.push(charactersOf(fields.chosen));
    this.#rejected.push(charactersOf(fields.rejected));
    const source = this.#sourceIn(fields, where);
    if (source !== undefined) this.#withSource++;
    const name = typeof source === "string" ? source : JSON.stringify(source) ?? "none";
    const place = this.#sources.get(name) ?? this.#sources.size;
    this.#sources.set(name, place);
    this.#sourceOf.push(place);
    if (typeof fields.flipped === "boolean") this.#flipped.push(fields.flipped);
  }

  #sourceIn(fields: FieldMap, where: string): unknown {
    if (this.#given === undefined) {
      return SOURCES.map((path) => columnAt(fields, path)).find((value) =>
        value !== undefined && !isObject(value)
      );
    }
    const value = columnAt(fields, this.#given);
    if (!isObject(value)) return value;
    const [first = "NAME"] = Object.keys(value);
    throw new UserError(
      `${where}: --source ${this.#given} is an object with ${Object.keys(value).join(", ")}: ` +
        `name one of them, as --source ${this.#given}.${first}`,
    );
  }

  /** Which labels are wrong, where every record says so. */
  flipped(total: number): readonly boolean[] | undefined {
    return this.#flipped.length === total ? this.#flipped : undefined;
  }

  /**
   * Lengths in tokens where the file counts them.
   *
   * @throws {UserError} if no record has the column to group by
   */
  facts(file: ScoredFile<PairRole>): PairFacts {
    const tokens = [file.numbers.get("chosen_tokens"), file.numbers.get("rejected_tokens")];
    const chosen = tokens[0] ?? this.#chosen.values();
    const rejected = tokens[1] ?? this.#rejected.values();
    if (this.#given !== undefined && this.#withSource === 0) {
      throw new UserError(
        `${file.path}: no record has --source ${this.#given}; the columns are ` +
          file.fields.join(", "),
      );
    }
    return {
      lengths: chosen.map((length, i) => length + (rejected[i] as number)),
      lengthDifferences: chosen.map((length, i) => length - (rejected[i] as number)),
      lengthUnit: tokens.includes(undefined) ? "characters" : "tokens",
      sources: this.#withSource > 0
        ? {
          names: [...this.#sources.keys()],
          of: Uint32Array.from(this.#sourceOf.values()),
        }
        : null,
    };
  }
}

/** A column by its name, or one within an object by a path: `source.annotator`. */
function columnAt(fields: FieldMap, path: string): unknown {
  if (Object.hasOwn(fields, path)) return fields[path];
  const root = rootOf(path);
  const inner = fields[root];
  return root !== path && isObject(inner)
    ? columnAt(inner, path.slice(root.length + 1))
    : undefined;
}

function rootOf(path: string): string {
  return path.split(".", 1)[0] as string;
}

function isObject(value: unknown): value is FieldMap {
  return typeof value === "object" && value?.constructor === Object;
}

/** Text or messages as text. */
export function plainText(value: unknown): string {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return "";
  return value.map((message) => String((message as { content?: unknown })?.content ?? "")).join(
    " ",
  );
}

function charactersOf(value: unknown): number {
  return plainText(value).length;
}
