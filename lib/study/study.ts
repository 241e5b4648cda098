import type { Environment, Setting } from "../environments/environment.ts";
import type { SeraOptions } from "../sera/config.ts";
import { checkStudy } from "./check_study.ts";
import type { Claim } from "./claim.ts";
import type { Factors } from "./factors.ts";
import type { MatchedArm } from "./matched.ts";
import type { RunChange } from "./run_config.ts";

/** One method, as changes to the config; a function where they depend on the condition's setting. */
export interface Arm<S extends Setting = Setting> {
  /** Short and stable: records, rows and claims name the arm by it. */
  readonly id: string;
  /** For tables and legends. */
  readonly label: string;
  /** Changes to `defaultSeraConfig`, over the environment's own. */
  sera(setting: S): SeraOptions;
  /** Ids of the conditions that it is run in; absent: all. */
  readonly only?: readonly string[];
}

/** One setting that all its arms share. */
export interface Condition<S extends Setting = Setting> extends RunChange<S> {
  /** Short and stable: rows and claims name the condition by it. */
  readonly id: string;
  /** For tables and facets. */
  readonly label: string;
}

/** A cell of a study: which arm meets which condition, and the factors of its run. */
export type Cell<S extends Setting = Setting> = Factors<S> & {
  readonly arm: string;
  readonly condition: string;
};

/** `smoke` shows that everything runs, in minutes; `quick` and `full` differ in cells and seeds. */
export type PresetName = "smoke" | "quick" | "full";
/** Every preset's name. */
export const presetNames = ["smoke", "quick", "full"] as const satisfies readonly PresetName[];

/** How much of a study a preset runs. */
export interface StudyPreset<S extends Setting = Setting> {
  /** Seeds per cell. `full` runs the cells of a claim with as many as the claim says instead. */
  readonly seeds: number;
  /**
   * Cells that `full` runs with as many seeds as its condition's claims: those that figures show
   * beside a claim's.
   */
  beside?(cell: Cell<S>): boolean;
  /** Which cells are run; all unless told. */
  includes?(cell: Cell<S>): boolean;
}

/** A question, the arms and conditions that answer it, and the claims fixed before the runs. */
export interface Study<S extends Setting = Setting> {
  /** Name of its records and notebook. */
  readonly id: string;
  /** For headings. */
  readonly title: string;
  /** What is asked, in one sentence. */
  readonly question: string;
  /** Where its runs take place. */
  readonly environment: Environment<S>;
  /** Changes that all its runs share. */
  readonly base?: RunChange<S>;
  /** In the order of tables. */
  readonly conditions: readonly Condition<S>[];
  /** In the order of tables and legends. */
  readonly arms: readonly Arm<S>[];
  /** Controls that are picked from the arms' rows, after the arms in tables and legends. */
  readonly matched?: readonly MatchedArm[];
  /** Holm's correction runs over them and those of the studies that are of the same family. */
  readonly claims: readonly Claim[];
  /** The claim that the README shows, by id; absent where none is to be shown. */
  readonly headline?: string;
  /** How many seeds each preset runs, of which cells. */
  readonly presets: Readonly<Record<PresetName, StudyPreset<S>>>;
  /** First of its seeds. Default 0: runs are shared with the other studies. */
  readonly firstSeed?: number;
}

/** A study as one writes it: what may be left out has its usual value. */
export type StudyDefinition<S extends Setting> =
  & Pick<Study<S>, "id" | "title" | "environment">
  & Partial<Omit<Study<S>, "id" | "title" | "environment" | "arms" | "presets">>
  & {
    readonly arms: readonly ArmDefinition<S>[];
    readonly presets?: Partial<Study<S>["presets"]>;
  };

/** An arm as one writes it. */
export interface ArmDefinition<S extends Setting> {
  /** As the arm's. */
  readonly id: string;
  /** Default: the id. */
  readonly label?: string;
  /** Default: no change. */
  readonly sera?: SeraOptions | ((setting: S) => SeraOptions);
  /** Ids of the conditions that it is run in. Default: all. */
  readonly only?: readonly string[];
}

/** One condition, of no change, for studies that vary the method alone. */
const AS_IS = { id: "as-is", label: "as is" };

/**
 * A study from its definition.
 *
 * @throws {UserError} on a repeated id, or a name of what is not there
 */
export function defineStudy<S extends Setting>(definition: StudyDefinition<S>): Study<S> {
  const { presets = {}, conditions = [AS_IS], claims = [] } = definition;
  const study: Study<S> = {
    question: definition.title,
    ...definition,
    ...{ conditions, claims },
    arms: definition.arms.map(armOf),
    presets: { smoke: { seeds: 2 }, quick: { seeds: 3 }, full: { seeds: 5 }, ...presets },
  };
  checkStudy(study);
  return study;
}

/**
 * The study with more arms, which stand beside its own: every preset has them in every condition, for
 * what a preset leaves out was said of the study's own arms.
 */
export function withArms<S extends Setting>(
  study: Study<S>,
  ...arms: readonly ArmDefinition<S>[]
): Study<S> {
  const added = new Set(arms.map((arm) => arm.id));
  const withAdded = (preset: StudyPreset<S>): StudyPreset<S> => ({
    ...preset,
    includes: (cell) => added.has(cell.arm) || preset.includes?.(cell) !== false,
  });
  const { smoke, quick, full } = study.presets;
  const wider = {
    ...study,
    arms: [...study.arms, ...arms.map(armOf)],
    presets: { smoke: withAdded(smoke), quick: withAdded(quick), full: withAdded(full) },
  };
  checkStudy(wider);
  return wider;
}

function armOf<S extends Setting>(
  { id, label = id, sera = {}, ...rest }: ArmDefinition<S>,
): Arm<S> {
  return { id, label, sera: typeof sera === "function" ? sera : () => sera, ...rest };
}
