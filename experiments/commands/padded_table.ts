/** A Markdown table as `deno fmt` lays it out: cells as they are, padded to their column's width. */
export function paddedTable(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = columns.map((column, i) =>
    Math.max(column.length, ...rows.map((row) => row[i]?.length ?? 0))
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |\n`;
  return line(columns) + line(widths.map((width) => "-".repeat(width))) + rows.map(line).join("");
}
