import { failureSignatures } from "../metrics/failure_signatures.ts";
import { lengthControlledWinRate } from "../metrics/length_controlled.ts";
import { finite } from "../metrics/metric_definition.ts";
import { type MetricName, metricNames, metricOf } from "../metrics/metrics.ts";
import { winRate } from "../metrics/win_rate.ts";
import { meanWithInterval } from "../statistics/intervals.ts";
import type { ClaimResult } from "./judge_claims.ts";
import type { StudyResults } from "./open_study.ts";
import { onSharedSeeds, type StudyRow } from "./rows.ts";
import type { Table } from "./table.ts";

const isVolatile = (metric: MetricName) => metricOf(metric).volatile === true;

/** The tables of one study by file name, without ending: pure functions of plan and records. */
export function studyTables(opened: StudyResults): Readonly<Record<string, Table>> {
  const { study: { id }, rows, verdicts } = opened;
  const shared = onSharedSeeds(rows);
  const steady = verdicts.filter(({ claim }) => !isVolatile(claim.metric));
  const timed = verdicts.filter(({ claim }) => isVolatile(claim.metric));
  return {
    [`${id}_summary`]: summaryTable(shared, metricNames.filter((name) => !isVolatile(name))),
    [`${id}_win_rates`]: winRateTable(opened),
    [`${id}_failures`]: failureTable(rows),
    ...(steady.length > 0 ? { [`${id}_verdicts`]: verdictTable(steady) } : {}),
    ...(timed.length > 0 ? { [`${id}_times_verdicts`]: verdictTable(timed) } : {}),
    [`${id}_times`]: summaryTable(
      shared.filter((row) => row.iteration > 0),
      metricNames.filter(isVolatile),
    ),
  };
}

/** Name of the table that holds the verdict on a claim. */
export function verdictTableName(study: string, { claim }: ClaimResult): string {
  return `${study}_${isVolatile(claim.metric) ? "times_" : ""}verdicts`;
}

/**
 * Mean, 95 % t interval and number of seeds of each metric, a line for each condition, arm,
 * iteration and metric.
 */
function summaryTable(rows: readonly StudyRow[], names: readonly MetricName[]): Table {
  const cells = Map.groupBy(
    rows,
    (row) => JSON.stringify([row.condition, row.arm, row.iteration]),
  );
  return {
    columns: ["condition", "arm", "iteration", "metric", "unit", "mean", "low", "high", "seeds"],
    rows: [...cells.values()].flatMap((cell) => {
      const { condition, arm, iteration } = cell[0] as StudyRow;
      return names.flatMap((metric) => {
        const values = cell.flatMap((row) => finite(row[metric]) ?? []);
        if (values.length === 0) return [];
        const { mean, low, high, n } = meanWithInterval(values);
        const unit = metricOf(metric).unit;
        return [[condition, arm, iteration, metric, unit, mean, finite(low), finite(high), n]];
      });
    }),
  };
}

/** Verdicts as a table. */
export function verdictTable(results: readonly ClaimResult[]): Table {
  return {
    columns: [
      ...["claim", "verdict", "metric", "condition", "arm", "baseline", "claimed"],
      ...["difference", "low", "high", "holm_p", "seeds", "smallest_effect", "text", "paper"],
    ],
    rows: results.map(({ claim, verdict, contrast, adjustedP }) => [
      ...[claim.id, verdict, claim.log === true ? `ln ${claim.metric}` : claim.metric],
      ...[claim.condition, claim.arm, claim.baseline, claim.direction],
      ...[finite(contrast?.mean), finite(contrast?.low), finite(contrast?.high)],
      ...[adjustedP, contrast?.n ?? 0, claim.smallestEffect, claim.text, claim.paper ?? ""],
    ]),
  };
}

/** Win rates by gold reward of every arm against the condition's first arm, over seeds. */
function winRateTable({ plan, records }: StudyResults): Table {
  const columns = ["condition", "arm", "baseline", "win_rate", "low", "high"];
  const cells = Map.groupBy(plan, (run) => JSON.stringify([run.condition, run.arm]));
  return {
    columns: [...columns, "length_controlled", "lc_low", "lc_high", "seeds"],
    rows: [...cells.values()].flatMap((cell) => {
      const { condition, arm } = cell[0] as (typeof cell)[number];
      const rivals = plan.filter((run) => run.condition === condition);
      const baseline = rivals[0]?.arm as string;
      if (arm === baseline) return [];
      const duels = cell.flatMap(({ hash, seed }) => {
        const rival = rivals.find((run) => run.arm === baseline && run.seed === seed);
        const ours = records.get(hash)?.samples;
        const theirs = rival && records.get(rival.hash)?.samples;
        return ours?.gold === undefined || theirs?.gold === undefined ? [] : [
          [
            { rewards: ours.gold, lengths: ours.lengths },
            { rewards: theirs.gold, lengths: theirs.lengths },
          ] as const,
        ];
      });
      if (duels.length === 0) return [];
      const bounds = (values: number[]) => {
        const { mean, low, high } = meanWithInterval(values);
        return [mean, finite(low), finite(high)];
      };
      return [[
        ...[condition, arm, baseline],
        ...bounds(duels.map(([ours, theirs]) => winRate(ours.rewards, theirs.rewards))),
        ...bounds(duels.map(([ours, theirs]) => lengthControlledWinRate(ours, theirs))),
        duels.length,
      ]];
    }),
  };
}

/** How many seeds of each cell showed each failure signature. */
export function failureTable(rows: readonly StudyRow[]): Table {
  const last = rows.filter((row) => row.last);
  const cells = Map.groupBy(last, (row) => JSON.stringify([row.condition, row.arm]));
  return {
    columns: ["condition", "arm", "seeds", ...failureSignatures],
    rows: [...cells.values()].map((cell) => {
      const { condition, arm } = cell[0] as StudyRow;
      const seen = failureSignatures.map((name) =>
        cell.filter((row) => row.warnings.includes(name)).length
      );
      return [condition, arm, cell.length, ...seen];
    }),
  };
}
