import type { FieldMap } from "../../../lib/data/record_fields.ts";
import { NumberColumn } from "../../../lib/scored/number_column.ts";
import type { PairRole } from "../../../lib/scored/columns.ts";
import type { ScoredFile } from "../../../lib/scored/read_scored.ts";
import type { PairFacts } from "../../../lib/scored/selection_report.ts";

/** Gathers what the report and the oracle need while pairs are read. */
export class FactGatherer {
  readonly #sourceColumn: string;
  readonly #chosen = new NumberColumn();
  readonly #rejected = new NumberColumn();
  readonly #sources = new Map<string, number>();
  readonly #sourceOf = new NumberColumn();
  readonly #flipped: boolean[] = [];

  constructor(sourceColumn: string) {
    this.#sourceColumn = sourceColumn;
  }

  /** Takes note of a record. */
  add(fields: FieldMap): void {
    this.#chosen.push(charactersOf(fields.chosen));
    this.#rejected.push(charactersOf(fields.rejected));
    const source = fields[this.#sourceColumn];
    const name = typeof source === "string" ? source : JSON.stringify(source) ?? "none";
    const place = this.#sources.get(name) ?? this.#sources.size;
    this.#sources.set(name, place);
    this.#sourceOf.push(place);
    if (typeof fields.flipped === "boolean") this.#flipped.push(fields.flipped);
  }

  /** Which labels are wrong, where every record says so. */
  flipped(total: number): readonly boolean[] | undefined {
    return this.#flipped.length === total ? this.#flipped : undefined;
  }

  /** Lengths in tokens where the file counts them. */
  facts(file: ScoredFile<PairRole>): PairFacts {
    const tokens = [file.numbers.get("chosen_tokens"), file.numbers.get("rejected_tokens")];
    const chosen = tokens[0] ?? this.#chosen.values();
    const rejected = tokens[1] ?? this.#rejected.values();
    return {
      lengths: chosen.map((length, i) => length + (rejected[i] as number)),
      lengthDifferences: chosen.map((length, i) => length - (rejected[i] as number)),
      lengthUnit: tokens.includes(undefined) ? "characters" : "tokens",
      sources: file.fields.includes(this.#sourceColumn)
        ? {
          names: [...this.#sources.keys()],
          of: Uint32Array.from(this.#sourceOf.values()),
        }
        : null,
    };
  }
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
