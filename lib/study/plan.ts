import type { Setting } from "../environments/environment.ts";
import { UserError } from "../errors.ts";
import type { Claim } from "./claim.ts";
import { type Factors, factorsOf } from "./factors.ts";
import { cellArms } from "./matched.ts";
import { hashConfig, type RunConfig, runConfig } from "./run_config.ts";
import type { Cell, PresetName, Study } from "./study.ts";

/** Where a run stands in its study. */
export interface CellPlace {
  /** The study's id. */
  readonly study: string;
  /** The condition's id. */
  readonly condition: string;
  /** For tables and facets. */
  readonly conditionLabel: string;
  /** The arm's id. */
  readonly arm: string;
  /** For tables and legends. */
  readonly armLabel: string;
  /** Of the run; arms are paired by it. */
  readonly seed: number;
  /** SHA-256 of the run's config: the name of its record. */
  readonly hash: string;
}

/** One cell of a study at one seed. Cells of several studies may share a run. */
export interface PlannedCell extends CellPlace {
  /** Everything that the run depends on. */
  readonly config: RunConfig;
  /** URL of the environment's module, for worker processes. */
  readonly module: string;
  /** Name of what it shares with other runs; see `Environment.shared`. */
  readonly shared: string | null;
}

/** The same with its factors. */
export interface PlannedRun<S extends Setting = Setting> extends PlannedCell {
  /** Everything that the run depends on. */
  readonly config: RunConfig<S>;
  /** What the study varies, as values. */
  readonly factors: Factors<S>;
}

/** Which part of a study is planned. */
export interface PlanOptions {
  /** Instead of the preset's number of seeds; 0: the preset's. */
  readonly seeds?: number;
  /** Instead of the study's own. */
  readonly firstSeed?: number;
  /** These arms alone, and those that these matched arms look at; default all. */
  readonly arms?: readonly string[];
  /** These conditions alone; default all. */
  readonly conditions?: readonly string[];
  /** The cells that a claim compares alone. Default false. */
  readonly claimed?: boolean;
  /**
   * Records by hash. Unless seeds are given, `full` goes on in each cell with the seeds after its own,
   * as long as they are recorded: other studies have run them.
   */
  readonly recorded?: ReadonlyMap<string, unknown> | undefined;
}

/** The runs of a study, in table order: condition, arm, seed. */
export function planStudy<S extends Setting>(
  study: Study<S>,
  preset: PresetName,
  options: PlanOptions = {},
): PlannedRun<S>[] {
  const { firstSeed = study.firstSeed ?? 0, seeds: wanted = 0 } = options;
  if (!Number.isInteger(wanted) || wanted < 0) {
    throw new UserError(`seeds is ${wanted}; give a whole number, 0 for as many as the preset has`);
  }
  const { environment, base = {} } = study;
  const chosen = study.presets[preset];
  const smoke = preset === "smoke" ? [environment.smoke] : [];
  const arms = options.arms && cellArms(study, ...options.arms);
  const ownSeeds = !options.seeds && options.firstSeed === undefined;
  const recorded = preset === "full" && ownSeeds ? options.recorded : undefined;
  const runs: PlannedRun<S>[] = [];
  for (const condition of study.conditions) {
    if (options.conditions?.includes(condition.id) === false) continue;
    for (const arm of study.arms) {
      if (arms?.includes(arm.id) === false || arm.only?.includes(condition.id) === false) continue;
      const claimSeeds = claimSeedsOf(study, condition.id, arm.id);
      if (options.claimed === true && claimSeeds === 0) continue;
      const configAt = (seed: number): RunConfig<S> => {
        const shared = [base, ...smoke, condition];
        const { setting } = runConfig(environment, seed, shared);
        return runConfig(environment, seed, [...shared, { sera: arm.sera(setting) }]);
      };
      const factors = factorsOf(configAt(firstSeed));
      const cell = { ...factors, arm: arm.id, condition: condition.id } as Cell<S>;
      if (chosen.includes?.(cell) === false) continue;
      const more = preset !== "full"
        ? 0
        : chosen.beside?.(cell) === true
        ? claimSeedsOf(study, condition.id)
        : claimSeeds;
      const seeds = options.seeds || more || chosen.seeds;
      for (let i = 0; i < seeds || recorded !== undefined; i++) {
        const config = configAt(firstSeed + i);
        const hash = hashConfig(config);
        if (i >= seeds && recorded?.has(hash) !== true) break;
        runs.push({
          study: study.id,
          arm: arm.id,
          armLabel: arm.label,
          condition: condition.id,
          conditionLabel: condition.label,
          seed: config.seed,
          hash,
          config,
          factors: factorsOf(config),
          module: environment.module,
          shared: environment.shared(config.setting, config.seed),
        });
      }
    }
  }
  return runs;
}

/** The most seeds of the claims about a cell, or about any of a condition; 0 where there is none. */
function claimSeedsOf(
  study: Pick<Study, "claims" | "matched">,
  condition: string,
  arm?: string,
): number {
  const claims = study.claims.filter((claim) =>
    claim.condition === condition &&
    (arm === undefined || cellArms(study, claim.arm, claim.baseline).includes(arm))
  );
  return Math.max(0, ...claims.map((claim) => claim.seeds));
}

/**
 * The claims whose cells a plan has: the family that its verdicts are corrected over. A matched arm's
 * cells are all those that it looks at.
 */
export function claimsOf(
  study: Pick<Study, "claims" | "matched">,
  plan: readonly Pick<PlannedCell, "arm" | "condition">[],
): Claim[] {
  const cells = new Set(plan.map((run) => JSON.stringify([run.condition, run.arm])));
  return study.claims.filter(({ condition, arm, baseline }) =>
    cellArms(study, arm, baseline).every((id) => cells.has(JSON.stringify([condition, id])))
  );
}
