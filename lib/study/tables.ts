import { failureSignatures } from "../metrics/failure_signatures.ts";
import { finite } from "../metrics/metric_definition.ts";
import { type MetricName, metricNames, metrics } from "../metrics/metrics.ts";
import { meanWithInterval } from "../statistics/intervals.ts";
import { claimPower } from "./claim_power.ts";
import type { ClaimResult } from "./judge_claims.ts";
import type { StudyResults } from "./open_study.ts";
import { sharedSeeds, type StudyRow } from "./rows.ts";
import type { Table } from "./table.ts";
import { type WinRate, winRates } from "./win_rates.ts";

const isVolatile = (metric: MetricName) => metrics[metric].volatile === true;

/** The tables of one study by file name, without ending: pure functions of plan and records. */
export function studyTables(opened: StudyResults): Readonly<Record<string, Table>> {
  const { study: { id }, rows } = opened;
  return {
    [`${id}_summary`]: summaryTable(opened, metricNames.filter((name) => !isVolatile(name))),
    [`${id}_win_rates`]: winRateTable(opened),
    [`${id}_failures`]: failureTable(rows),
    ...verdictTables(opened),
    [`${id}_times`]: summaryTable(
      { ...opened, rows: rows.filter((row) => row.iteration > 0) },
      metricNames.filter(isVolatile),
    ),
  };
}

/** Of these tables those of verdicts: the only ones that depend on the other studies of a family. */
export function verdictTables(
  { study: { id }, verdicts }: Pick<StudyResults, "study" | "verdicts">,
): Readonly<Record<string, Table>> {
  const tables = Map.groupBy(verdicts, (result) => verdictTableName(id, result));
  return Object.fromEntries([...tables].map(([name, results]) => [name, verdictTable(results)]));
}

/** Name of the table that holds the verdict on a claim. */
export function verdictTableName(study: string, { claim }: ClaimResult): string {
  return `${study}_${isVolatile(claim.metric) ? "times_" : ""}verdicts`;
}

/**
 * Mean, 95 % t interval and number of seeds of each metric, a line for each condition, arm,
 * iteration and metric; and the mean over the seeds that all planned arms of the condition have.
 */
function summaryTable(
  { plan, rows }: Pick<StudyResults, "plan" | "rows">,
  names: readonly MetricName[],
): Table {
  const planned = Map.groupBy(plan, (run) => run.condition);
  const shared = new Map(
    [...Map.groupBy(rows, (row) => row.condition)].map(([id, own]) => {
      const arms = [...planned.get(id) ?? [], ...own].map(({ arm }) => arm);
      return [id, sharedSeeds(own, [...new Set(arms)])];
    }),
  );
  const cells = Map.groupBy(
    rows,
    (row) => JSON.stringify([row.condition, row.arm, row.iteration]),
  );
  return {
    columns: [
      ...["condition", "arm", "iteration", "metric", "unit", "mean", "low", "high", "seeds"],
      ...["mean_shared", "seeds_shared"],
    ],
    rows: [...cells.values()].flatMap((cell) => {
      const { condition, arm, iteration } = cell[0] as StudyRow;
      return names.flatMap((metric) => {
        const values = cell.flatMap((row) => finite(row[metric]) ?? []);
        if (values.length === 0) return [];
        const { mean, low, high, n } = meanWithInterval(values);
        const unit = metrics[metric].unit;
        const both = cell.filter(({ seed }) => shared.get(condition)?.has(seed))
          .flatMap((row) => finite(row[metric]) ?? []);
        return [[
          ...[condition, arm, iteration, metric, unit, mean, finite(low), finite(high), n],
          ...[both.length === 0 ? null : meanWithInterval(both).mean, both.length],
        ]];
      });
    }),
  };
}

/** Verdicts as a table: one line per claim, with what they rest on and their power. */
export function verdictTable(results: readonly ClaimResult[]): Table {
  return {
    columns: [
      ...["claim", "verdict", "metric", "condition", "arm", "baseline", "claimed"],
      ...["difference", "low", "high", "method", "holm_p", "equivalence_p", "seeds"],
      ...["arm_collapsed", "baseline_collapsed", "smallest_effect"],
      ...["planned_sd", "sd", "planned_power", "power", "text", "paper"],
    ],
    rows: results.map((result) => {
      const { claim, verdict, contrast, adjustedP, adjustedEquivalenceP } = result;
      const { plannedSd, planned, sd, power } = claimPower(result);
      return [
        ...[claim.id, verdict, claim.log === true ? `ln ${claim.metric}` : claim.metric],
        ...[claim.condition, claim.arm, claim.baseline, claim.direction],
        ...[finite(contrast?.mean), finite(contrast?.low), finite(contrast?.high)],
        ...[contrast?.method ?? "", adjustedP, adjustedEquivalenceP, contrast?.n ?? 0],
        ...[finite(contrast?.collapsed), finite(contrast?.baselineCollapsed)],
        ...[claim.smallestEffect, plannedSd, sd, planned, power, claim.text, claim.paper ?? ""],
      ];
    }),
  };
}

/** Win rates by gold reward of every arm against the condition's first arm, over seeds. */
function winRateTable(opened: StudyResults): Table {
  const conditions = Map.groupBy(opened.plan, (run) => run.condition);
  const rates = [...conditions.values()].flatMap((plan) => {
    const [baseline, ...others] = [...new Set(plan.map((run) => run.arm))];
    const pairs = others.map((arm) => [arm, baseline as string] as const);
    return winRates({ ...opened, plan }, pairs);
  });
  const bounds = ({ mean, low, high }: WinRate["lengthControlled"]) => [
    ...[0.5 + mean, finite(0.5 + low), finite(0.5 + high)],
  ];
  return {
    columns: [
      ...["condition", "arm", "baseline", "win_rate", "low", "high"],
      ...["length_controlled", "lc_low", "lc_high", "seeds"],
    ],
    rows: rates.map((rate) => [
      ...[rate.condition, rate.arm, rate.baseline],
      ...[...bounds(rate), ...bounds(rate.lengthControlled), rate.n],
    ]),
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
