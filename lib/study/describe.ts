import type { SettingValue } from "../environments/environment.ts";
import { factorTexts, type MethodFactors } from "./factors.ts";
import type { PlannedCell } from "./plan.ts";
import type { Study } from "./study.ts";

/** A line of a table for readers. */
export type DescribedRow = Readonly<Record<string, SettingValue>>;

/** A plan whose runs have factors. */
export interface DescribedPlan {
  /** Planned runs with what they vary. */
  readonly plan: readonly (PlannedCell & { readonly factors: MethodFactors })[];
}
type Run = DescribedPlan["plan"][number];

/** Each arm of a plan with the factors in which arms differ within a condition. */
export function describeArms({ plan }: DescribedPlan): DescribedRow[] {
  return described(plan, "arm", "armLabel", "condition");
}

/** Each condition of a plan with the factors in which conditions differ for one arm. */
export function describeConditions({ plan }: DescribedPlan): DescribedRow[] {
  return described(plan, "condition", "conditionLabel", "arm");
}

/** The factors that all runs of a plan share, with what they are; none that mean nothing there. */
export function describeShared(
  { plan, study: { environment } }: DescribedPlan & {
    readonly study: { readonly environment: Pick<Study["environment"], "texts"> };
  },
): DescribedRow[] {
  const texts: Readonly<Record<string, string>> = { ...environment.texts, ...factorTexts };
  return factorNames(plan)
    .filter((name) => new Set(plan.map((run) => factorOf(run, name))).size === 1)
    .filter((name) => factorOf(plan[0] as Run, name) !== null)
    .map((name) => ({
      factor: name,
      value: abbreviated(factorOf(plan[0] as Run, name)),
      meaning: texts[name] ?? "",
    }));
}

function described(
  plan: readonly Run[],
  key: "arm" | "condition",
  label: "armLabel" | "conditionLabel",
  within: "arm" | "condition",
): DescribedRow[] {
  const groups = [...Map.groupBy(plan, (run) => run[within]).values()];
  // A factor is read where it varies: bootstrapping's share from an arm that bootstraps.
  const varying = factorNames(plan).flatMap((name) => {
    const group = groups.find((runs) => new Set(runs.map((run) => factorOf(run, name))).size > 1);
    return group === undefined ? [] : [{ name, group }];
  });
  const firsts = [...Map.groupBy(plan, (run) => run[key]).values()].map((runs) => runs[0]);
  return firsts.flatMap((run) =>
    run === undefined ? [] : [{
      [key]: run[key],
      label: run[label],
      ...Object.fromEntries(varying.map(({ name, group }) => {
        const there = group.find((each) => each[key] === run[key]);
        return [name, factorOf(there ?? run, name)];
      })),
    }]
  );
}

function factorNames(plan: readonly Run[]): string[] {
  return Object.keys(plan[0]?.factors ?? {});
}

function factorOf({ factors }: Run, name: string): SettingValue {
  return (factors as unknown as Readonly<Record<string, SettingValue>>)[name] ?? null;
}

/** A hash by its first twelve digits, as tables are read on paper and on phones. */
function abbreviated(value: SettingValue): SettingValue {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value)
    ? `${value.slice(0, 12)}\u2026`
    : value;
}
