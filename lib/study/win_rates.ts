import { lengthControlledWinRate } from "../metrics/length_controlled.ts";
import { winRate } from "../metrics/win_rate.ts";
import { type PairedDifference, pairedDifference } from "../statistics/paired_difference.ts";
import type { ArmPair } from "./contrasts.ts";
import type { PlannedCell } from "./plan.ts";
import type { StudyRecord } from "./record.ts";
import type { StudyRow } from "./rows.ts";

/**
 * How often the last policy's responses of an arm have a higher gold reward than those of a baseline
 * to the same prompt, ties half, minus 1/2: above 0 the arm wins. Over seeds, with a 95 % interval.
 */
export interface WinRate extends PairedDifference {
  /** The condition's id. */
  readonly condition: string;
  /** For tables and facets. */
  readonly conditionLabel: string;
  /** The arm's id. */
  readonly arm: string;
  /** Id of the arm that it meets. */
  readonly baseline: string;
  /** "SeRA against DPO". */
  readonly label: string;
  /** Each seed's win rate minus 1/2. */
  readonly pairs: readonly { readonly seed: number; readonly difference: number }[];
  /** The same at equal length, see `lengthControlledWinRate`. */
  readonly lengthControlled: PairedDifference;
  /** The arm's last row of the first seed: its factors, for facets. */
  readonly row: object;
}

/** What win rates are read from: an opened study. */
export interface WinRateSource {
  /** Every planned cell and seed. */
  readonly plan: readonly PlannedCell[];
  /** The records of the plan, by hash. */
  readonly records: ReadonlyMap<string, StudyRecord>;
  /** Tidy rows of the runs that have a record. */
  readonly rows: readonly StudyRow[];
}

/**
 * Win rates of arms against baselines in every condition that has a seed of both with gold rewards.
 * Exploratory: claims are about contrasts of metrics. A matched arm has none, as records keep the
 * last policy's samples alone.
 */
export function winRates(
  { plan, records, rows }: WinRateSource,
  arms: readonly ArmPair[],
): WinRate[] {
  return [...Map.groupBy(plan, (run) => run.condition).values()].flatMap((condition) =>
    arms.flatMap(([arm, baseline]) => {
      const duels = condition.filter((run) => run.arm === arm).flatMap((run) => {
        const rival = condition.find((each) => each.arm === baseline && each.seed === run.seed);
        const ours = samplesOf(records.get(run.hash));
        const theirs = rival && samplesOf(records.get(rival.hash));
        return ours === undefined || theirs === undefined ? [] : [{
          ...{ run, rival },
          rate: winRate(ours.rewards, theirs.rewards),
          controlled: lengthControlledWinRate(ours, theirs),
        }];
      });
      const [first] = duels;
      if (first === undefined) return [];
      const { run, rival } = first;
      const even = duels.map(() => 0.5);
      return [{
        ...{ condition: run.condition, conditionLabel: run.conditionLabel, arm, baseline },
        label: `${run.armLabel} against ${rival?.armLabel ?? baseline}`,
        pairs: duels.map((duel) => ({ seed: duel.run.seed, difference: duel.rate - 0.5 })),
        row: rows.find((row) => row.hash === run.hash && row.last) ?? {},
        lengthControlled: pairedDifference(duels.map((duel) => duel.controlled), even),
        ...pairedDifference(duels.map((duel) => duel.rate), even),
      }];
    })
  );
}

function samplesOf(record: StudyRecord | undefined) {
  const { gold, lengths = [] } = record?.samples ?? {};
  return gold === undefined ? undefined : { rewards: gold, lengths };
}
