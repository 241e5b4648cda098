import { join } from "node:path";
import type { Claim, ClaimResult } from "../../lib/evaluation/claim.ts";
import { meanWithInterval } from "../../lib/evaluation/intervals.ts";
import { writeDurably } from "../../lib/results/durable_file.ts";
import type { StudyRecord } from "../../lib/results/study_record.ts";
import {
  headToHead,
  onSharedSeeds,
  type StudyRow,
  studyRows,
} from "../../lib/results/study_rows.ts";
import { studyWarnings } from "../../lib/results/study_warnings.ts";
import {
  steadyMetrics,
  summaryTable,
  type Table,
  tableCsv,
  tableMarkdown,
  verdicts,
  verdictTable,
  volatileMetrics,
} from "../../lib/results/study_tables.ts";
import { claimsOf, type PlannedRun, type Study } from "../studies/study.ts";

/** The tables of one study by file name, without ending. */
export type StudyTables = Readonly<Record<string, Table>>;

/** A study's tables and verdicts: pure functions of the plan and the records. */
export function tablesOf(
  study: Study,
  plan: readonly PlannedRun[],
  records: ReadonlyMap<string, StudyRecord>,
): { readonly tables: StudyTables; readonly verdicts: readonly ClaimResult[] } {
  const rows = studyRows(plan, records);
  const shared = onSharedSeeds(rows);
  const judged = verdictsOf(study, plan, rows);
  const steady = judged.filter(({ claim }) => !isVolatile(claim.metric));
  const timed = judged.filter(({ claim }) => isVolatile(claim.metric));
  return {
    tables: {
      [`${study.id}_summary`]: summaryTable(shared, steadyMetrics),
      [`${study.id}_win_rates`]: winRateTable(plan, records),
      [`${study.id}_failures`]: failureTable(plan, records),
      ...(steady.length > 0 ? { [verdictsName(study, false)]: verdictTable(steady) } : {}),
      ...(timed.length > 0 ? { [verdictsName(study, true)]: verdictTable(timed) } : {}),
      [`${study.id}_times`]: summaryTable(
        shared.filter((row) => row.iteration > 0),
        volatileMetrics,
      ),
    },
    verdicts: judged,
  };
}

/** The verdicts on the claims whose cells the plan has. */
export function verdictsOf(
  study: Study,
  plan: readonly PlannedRun[],
  rows: readonly StudyRow[],
): ClaimResult[] {
  return verdicts(claimsOf(study, plan), rows);
}

/** Writes tables as CSV and Markdown; equal records give equal bytes (but for `*_times*`). */
export function writeTables(folder: string, tables: StudyTables): void {
  Deno.mkdirSync(folder, { recursive: true });
  const encoder = new TextEncoder();
  for (const [name, table] of Object.entries(tables)) {
    writeDurably(join(folder, `${name}.csv`), [encoder.encode(tableCsv(table))]);
    writeDurably(join(folder, `${name}.md`), [encoder.encode(tableMarkdown(table))]);
  }
}

/** Win rates by gold reward of every arm against the condition's first arm, over seeds. */
function winRateTable(
  plan: readonly PlannedRun[],
  records: ReadonlyMap<string, StudyRecord>,
): Table {
  const conditions = [...new Set(plan.map((run) => run.condition))];
  return {
    columns: [
      "condition",
      "arm",
      "baseline",
      "win_rate",
      "low",
      "high",
      "length_controlled",
      "lc_low",
      "lc_high",
      "seeds",
    ],
    rows: conditions.flatMap((condition) => {
      const cells = plan.filter((run) => run.condition === condition);
      const arms = [...new Set(cells.map((run) => run.arm))];
      const baseline = arms[0] as string;
      const duels = headToHead(cells, records, baseline);
      return arms.flatMap((arm) => {
        const own = duels.filter((duel) => duel.arm === arm);
        if (own.length === 0) return [];
        const plain = meanWithInterval(own.map((duel) => duel.winRate));
        const controlled = meanWithInterval(own.map((duel) => duel.lengthControlledWinRate));
        const bounds = ({ mean, low, high }: typeof plain) =>
          [mean, low, high].map((value) => Number.isFinite(value) ? value : null);
        return [[condition, arm, baseline, ...bounds(plain), ...bounds(controlled), own.length]];
      });
    }),
  };
}

/** How many seeds of each cell showed each failure signature. */
function failureTable(
  plan: readonly PlannedRun[],
  records: ReadonlyMap<string, StudyRecord>,
): Table {
  const signatures = ["collapse", "irm-uniformly-low", "decline", "train-held-out-gap"] as const;
  const counts = new Map<string, { cell: [string, string]; seeds: number; seen: number[] }>();
  for (const { condition, arm, hash } of plan) {
    const record = records.get(hash);
    if (record === undefined) continue;
    const key = JSON.stringify([condition, arm]);
    const entry = counts.get(key) ??
      { cell: [condition, arm], seeds: 0, seen: signatures.map(() => 0) };
    entry.seeds++;
    const warnings = studyWarnings(record);
    signatures.forEach((signature, i) => {
      const shown = warnings.some((warning) => warning.signature === signature);
      entry.seen[i] = (entry.seen[i] as number) + Number(shown);
    });
    counts.set(key, entry);
  }
  return {
    columns: ["condition", "arm", "seeds", ...signatures],
    rows: [...counts.values()].map(({ cell, seeds, seen }) => [...cell, seeds, ...seen]),
  };
}

/** Name of the table that holds the verdict on a claim of the study. */
export function verdictTableOf(study: Study, claim: Claim): string {
  return verdictsName(study, isVolatile(claim.metric));
}

function verdictsName(study: Study, volatile: boolean): string {
  return `${study.id}_${volatile ? "times_" : ""}verdicts`;
}

function isVolatile(metric: string): boolean {
  return (volatileMetrics as readonly string[]).includes(metric);
}
