import { join } from "node:path";
import { projectRoot } from "../../../lib/engine/layout.ts";
import { writeDurably } from "../../../lib/files/durable_file.ts";
import { openStudy, type StudyResults } from "../../../lib/study/open_study.ts";
import type { RecordStore } from "../../../lib/study/record_store.ts";
import { writeTables } from "../../../lib/study/table.ts";
import { verdictTableName, verdictTables } from "../../../lib/study/tables.ts";
import type { Study } from "../../../lib/study/study.ts";
import { familyOf } from "../../studies.ts";
import { type Marks, withMarkedPart } from "../marked_part.ts";
import { paddedTable } from "../padded_table.ts";
import { resultText } from "./headline.ts";
import { resultsReadme } from "./results_readme.ts";

const FINDINGS: Marks = {
  begin: "<!-- findings: written by `reproduce --publish`, do not edit -->",
  end: "<!-- end of findings -->",
};

/**
 * What rests on all studies, whichever a command named: both READMEs, and the verdicts, which are
 * corrected over a family and move with any of its studies.
 */
export function publishOverview(
  studies: readonly Study[],
  records: Pick<RecordStore, "records">,
  tables: string,
): void {
  const opened = studies.map((study) => openStudy(study, { records, family: familyOf(study) }));
  publishVerdicts(opened, tables);
  const write = (path: string, text: string) =>
    writeDurably(path, [new TextEncoder().encode(text)]);
  const readme = join(projectRoot, "README.md");
  write(join(projectRoot, "results", "README.md"), resultsReadme(opened));
  write(readme, withFindings(Deno.readTextFileSync(readme), opened));
}

/** The tables of verdicts of these studies, into a folder. */
export function publishVerdicts(
  opened: readonly Pick<StudyResults, "study" | "verdicts">[],
  tables: string,
): void {
  for (const each of opened) writeTables(tables, verdictTables(each));
}

/**
 * The README with its findings made anew: one line per study whose headline claim has all of its
 * seeds, with difference and verdict, as `deno fmt` lays it out.
 *
 * @throws RangeError where the README lacks the two comments that the findings stand between
 */
export function withFindings(readme: string, opened: readonly StudyResults[]): string {
  const rows = opened.flatMap(({ study, verdicts }) => {
    const result = verdicts.find(({ claim }) => claim.id === study.headline);
    // A claim is no finding before all of its seeds are there.
    if (result?.contrast === undefined || result.contrast.n < result.claim.seeds) return [];
    const table = `results/tables/${verdictTableName(study.id, result)}.md`;
    return [[`[${study.id}](${table})`, result.claim.text, resultText(result), result.verdict]];
  });
  const table = paddedTable(["study", "claim", "difference, 95 % interval", "verdict"], rows);
  return withMarkedPart(readme, FINDINGS, table);
}
