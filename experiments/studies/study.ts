import type { Claim } from "../../lib/evaluation/claim.ts";
import type { StudyCell } from "../../lib/results/study_rows.ts";
import { hashSpec, type RunSpec, type SpecPatch, withPatch } from "./run_config.ts";
import { baseSpec, type PresetName } from "./settings.ts";

/** One method, as a change to the base spec; a function where it depends on the condition. */
export interface Arm {
  readonly id: string;
  /** For tables and legends. */
  readonly label: string;
  readonly patch: SpecPatch | ((spec: RunSpec) => SpecPatch);
}

/** One setting that all its arms share. */
export interface Condition {
  readonly id: string;
  readonly label: string;
  /** The values of the setting, for the axes of figures. */
  readonly values: Readonly<Record<string, number | string>>;
  readonly patch: SpecPatch;
}

/** How much of a study a preset runs. */
export interface StudyPreset {
  /** Published seeds 0, 1, 2, ... */
  readonly seeds: number;
  /** Seeds of the cells that a claim compares, where more than of the others. */
  readonly claimSeeds?: number;
  /** Further cells with as many: those that figures show beside a claim's. */
  readonly beside?: (arm: string, condition: string) => boolean;
  /** Which arms meet which conditions; every pair unless told. */
  readonly includes?: (arm: string, condition: string) => boolean;
}

/** A question, the arms and conditions that answer it, and the claims fixed before the runs. */
export interface Study {
  readonly id: StudyName;
  readonly title: string;
  readonly question: string;
  readonly arms: readonly Arm[];
  readonly conditions: readonly Condition[];
  readonly claims: readonly Claim[];
  /** The claims that the README shows, by id. */
  readonly headlines: readonly string[];
  readonly presets: Readonly<Record<PresetName, StudyPreset>>;
  /** First of its seeds, below 100. Default 0: runs are shared with the other studies. */
  readonly firstSeed?: number;
}

export type StudyName = "selection" | "noise" | "length" | "gamma" | "bootstrapping" | "cost";

/** One cell of a study at one seed. Cells of several studies may share a run. */
export interface PlannedRun extends StudyCell {
  readonly study: StudyName;
  readonly spec: RunSpec;
}

/**
 * The runs of a study, in table order: condition, arm, seed.
 *
 * @param seeds instead of the preset's number of seeds
 * @param firstSeed instead of the study's own; 100 and up for tuning
 */
export function planStudy(
  study: Study,
  preset: PresetName,
  { seeds, firstSeed = study.firstSeed ?? 0 }: { seeds?: number; firstSeed?: number } = {},
): PlannedRun[] {
  const { includes = () => true, seeds: presetSeeds, claimSeeds, beside } = study.presets[preset];
  const claimed = new Set(
    study.claims.flatMap(({ condition, arm, baseline }) =>
      [arm, baseline].map((id) => cellKey(id, condition))
    ),
  );
  const seedsOf = (arm: string, condition: string) => {
    const more = claimed.has(cellKey(arm, condition)) || beside?.(arm, condition);
    return seeds ?? (more ? claimSeeds : undefined) ?? presetSeeds;
  };
  const runs: PlannedRun[] = [];
  for (const condition of study.conditions) {
    for (const arm of study.arms) {
      if (!includes(arm.id, condition.id)) continue;
      for (let i = 0; i < seedsOf(arm.id, condition.id); i++) {
        const spec = specOf(arm, condition, baseSpec(preset, firstSeed + i));
        runs.push({
          study: study.id,
          arm: arm.id,
          armLabel: arm.label,
          condition: condition.id,
          conditionLabel: condition.label,
          conditionValues: condition.values,
          seed: spec.seed,
          hash: hashSpec(spec),
          spec,
        });
      }
    }
  }
  return runs;
}

/** The claims whose two cells a plan has: the family that its verdicts are corrected over. */
export function claimsOf(study: Study, plan: readonly StudyCell[]): Claim[] {
  const cells = new Set(plan.map(({ arm, condition }) => cellKey(arm, condition)));
  return study.claims.filter(({ condition, arm, baseline }) =>
    cells.has(cellKey(arm, condition)) && cells.has(cellKey(baseline, condition))
  );
}

function cellKey(arm: string, condition: string): string {
  return JSON.stringify([arm, condition]);
}

/** The base spec with the condition's change, then the arm's. */
export function specOf(arm: Arm, condition: Condition, base: RunSpec): RunSpec {
  const spec = withPatch(base, condition.patch);
  return withPatch(spec, typeof arm.patch === "function" ? arm.patch(spec) : arm.patch);
}
