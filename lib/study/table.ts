import { join } from "node:path";
import { writeDurably } from "../files/durable_file.ts";
import { markdownText } from "../plain_text.ts";

/** A table: strings and numbers, ready for CSV or Markdown. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/** Comma-separated values; numbers with six significant digits, null as an empty field. */
export function tableCsv({ columns, rows }: Table): string {
  const field = (value: string | number | null) => {
    const text = value === null ? "" : typeof value === "number" ? digits(value, 6) : value;
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows].map((row) => row.map(field).join(",") + "\n").join("");
}

/** A Markdown table; numbers with three significant digits, texts as they are, whatever they hold. */
export function tableMarkdown({ columns, rows }: Table): string {
  const cell = (value: string | number | null) =>
    value === null ? "" : typeof value === "number" ? digits(value, 3) : markdownText(value);
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  return line(columns.map(markdownText)) + line(columns.map(() => "---")) +
    rows.map((row) => line(row.map(cell))).join("");
}

/** Tables of more rows are written as CSV alone: nobody reads them as text. */
const READABLE_ROWS = 200;

/** Writes tables as CSV, and those that people read as Markdown too; equal tables give equal bytes. */
export function writeTables(folder: string, tables: Readonly<Record<string, Table>>): void {
  Deno.mkdirSync(folder, { recursive: true });
  const encoder = new TextEncoder();
  for (const [name, table] of Object.entries(tables)) {
    writeDurably(join(folder, `${name}.csv`), [encoder.encode(tableCsv(table))]);
    if (table.rows.length > READABLE_ROWS) continue;
    writeDurably(join(folder, `${name}.md`), [encoder.encode(tableMarkdown(table))]);
  }
}

/** Shortest decimal with so many significant digits, without an exponent for ordinary sizes. */
function digits(value: number, count: number): string {
  return String(Number(value.toPrecision(count)));
}
