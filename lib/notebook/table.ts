/** Tables in a notebook: HTML for viewers, aligned text for everything else. */
import { escapeHtml } from "../plain_text.ts";
import { currentKernel, type Display, display, type Kernel } from "./kernel.ts";

/** A row of a table: column to value. */
export type TableRow = Readonly<Record<string, unknown>>;

/** Rows, or anything that gives its rows as arquero's tables do. */
export type TableLike = readonly TableRow[] | { objects(): object[] };

/** How a table is shown. */
export interface TableOptions {
  /** One line above the table. */
  readonly caption?: string;
  /** Columns in their order. Default: those of the first row. */
  readonly columns?: readonly string[];
}

/**
 * Numbers to 3 decimals (or 3 digits where they are small), nothing as an empty cell.
 *
 * @param asTheyAre true where the column holds whole or short numbers only: counts and settings
 */
function cellText(value: unknown, asTheyAre: boolean): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "number") return String(value);
  const rounded = !asTheyAre && value !== 0 && Number.isFinite(value);
  const text = !rounded
    ? String(value)
    : Math.abs(value) < 0.01
    ? value.toPrecision(3)
    : value.toFixed(3);
  return text.replace("-", "\u2212");
}

function isShort(value: unknown): boolean {
  return typeof value !== "number" || Number.isInteger(value) || String(value).length <= 7;
}

/** The display of a table. An empty table says so. */
export function tableDisplay(table: TableLike, options: TableOptions = {}): Display {
  const rows = ("objects" in table ? table.objects() : table) as readonly TableRow[];
  const columns = options.columns ?? Object.keys(rows[0] ?? {});
  const short = columns.map((column) => rows.every((row) => isShort(row[column])));
  const cells = rows.map((row) =>
    columns.map((column, index) => cellText(row[column], short[index] as boolean))
  );
  const numeric = columns.map((column) => rows.some((row) => typeof row[column] === "number"));
  const align = (index: number) => numeric[index] ? "right" : "left";
  const line = (tag: string, texts: readonly string[]) =>
    "<tr>" + texts.map((text, index) =>
      `<${tag} style="text-align: ${align(index)}">${escapeHtml(text)}</${tag}>`
    ).join("") + "</tr>";
  const caption = options.caption ?? "";
  const html = [
    ...(caption === "" ? [] : [`<p><b>${escapeHtml(caption)}</b></p>`]),
    "<table>",
    `<thead>${line("th", columns)}</thead>`,
    `<tbody>${cells.map((row) => line("td", row)).join("\n")}</tbody>`,
    "</table>",
    ...(rows.length === 0 ? ["<p>no rows</p>"] : []),
  ].join("\n");
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...cells.map((row) => (row[index] as string).length))
  );
  const plain = [columns, ...cells].map((row) =>
    row.map((text, index) =>
      numeric[index] ? text.padStart(widths[index] ?? 0) : text.padEnd(widths[index] ?? 0)
    ).join("  ").trimEnd()
  );
  return {
    data: {
      "text/html": html,
      "text/plain": [
        ...(caption === "" ? [] : [caption]),
        ...plain,
        ...(rows.length === 0 ? ["no rows"] : []),
      ].join("\n"),
    },
  };
}

/** Shows a table in the current cell. */
export async function showTable(
  table: TableLike,
  options: TableOptions = {},
  kernel: Kernel = currentKernel(),
): Promise<void> {
  await display(tableDisplay(table, options), kernel);
}
