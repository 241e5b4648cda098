import { canonicalJson } from "../files/canonical_json.ts";
import type { PlannedCell } from "./plan.ts";
import type { StudyRecord } from "./record.ts";

/** One seed of a condition whose arms did not meet the same data. */
export interface PartedSeed {
  /** For tables and facets. */
  readonly conditionLabel: string;
  readonly seed: number;
  /** Labels of the arms, those that met the same data together. */
  readonly arms: readonly (readonly string[])[];
}

/** Seeds that the sentence names; of others it gives the number. */
const NAMED = 5;

/**
 * Seeds whose arms were run on different kinds of processor and so, where pairs are sampled, on
 * different data: processors round differently, and one rounded digit changes a sampled token and
 * all that follow. It shows in what all arms of one setting and seed have in common: gold reward and
 * length of the SFT model's own samples, and the share of wrong labels.
 */
export function partedSeeds(
  plan: readonly PlannedCell[],
  records: ReadonlyMap<string, StudyRecord>,
): PartedSeed[] {
  const done = plan.flatMap((run) => {
    const record = records.get(run.hash);
    return record === undefined ? [] : [{ ...run, mark: samplesMark(record) }];
  });
  const groups = Map.groupBy(
    done,
    ({ condition, seed, config }) => canonicalJson({ condition, seed, setting: config.setting }),
  );
  return [...groups.values()].flatMap((runs) => {
    const samples = Map.groupBy(runs, ({ mark }) => mark);
    const [first] = runs;
    if (first === undefined || samples.size < 2) return [];
    const arms = [...samples.values()].map((same) => same.map(({ armLabel }) => armLabel));
    return [{ conditionLabel: first.conditionLabel, seed: first.seed, arms }];
  });
}

/** Equal for runs of one setting and seed that met the same data. */
export function samplesMark({ sft, iterations }: StudyRecord): string {
  const { gold = null, length = null } = sft;
  const { wrongAll = null } = iterations[0] ?? {};
  return canonicalJson({ gold, length, wrongAll });
}

/** What that means, in a sentence; empty where there are none. */
export function partedText(parted: readonly PartedSeed[]): string {
  if (parted.length === 0) return "";
  const seeds = parted.slice(0, NAMED).map(({ conditionLabel, seed, arms }) =>
    `${conditionLabel}, seed ${seed} (${arms.map((same) => same.join(", ")).join(" | ")})`
  );
  if (parted.length > NAMED) seeds.push(`${parted.length - NAMED} more`);
  return `some arms of one seed met other data than others, since another kind of processor samples ` +
    `other texts: ${
      seeds.join("; ")
    }. Their differences are not paired: run all arms of a seed on ` +
    `one machine`;
}
