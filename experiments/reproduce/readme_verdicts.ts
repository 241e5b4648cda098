import type { ClaimResult } from "../../lib/evaluation/claim.ts";
import type { Study } from "../studies/study.ts";
import { differenceText } from "./headline.ts";
import { verdictTableOf } from "./study_tables.ts";

const BEGIN = "<!-- verdicts: written by `reproduce --publish`, do not edit -->";
const END = "<!-- end of verdicts -->";

/**
 * The README with its table of headline verdicts made anew, laid out as `deno fmt` does.
 *
 * @throws RangeError where the README lacks the two comments that the table stands between
 */
export function withVerdicts(
  readme: string,
  results: ReadonlyMap<Study, readonly ClaimResult[]>,
): string {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin < 0 || end < begin) throw new RangeError(`the README lacks "${BEGIN}" or "${END}"`);
  const rows = [...results].flatMap(([study, verdicts]) =>
    study.headlines.map((id): string[] => {
      const result = verdicts.find(({ claim }) => claim.id === id);
      if (result === undefined) throw new RangeError(`${study.id} has no verdict on "${id}"`);
      const { claim, verdict, difference } = result;
      return [
        `[${study.id}](results/tables/${verdictTableOf(study, claim)}.md)`,
        claim.text,
        difference === undefined ? "too few runs" : differenceText(difference),
        verdict,
      ];
    })
  );
  const table = paddedTable(["study", "claim", "difference, 95 % interval", "verdict"], rows);
  return `${readme.slice(0, begin)}${BEGIN}\n\n${table}\n${readme.slice(end)}`;
}

function paddedTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((column, i) =>
    Math.max(column.length, ...rows.map((row) => row[i]?.length ?? 0))
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |\n`;
  return line(columns) + line(widths.map((width) => "-".repeat(width))) + rows.map(line).join("");
}
