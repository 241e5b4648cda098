import type { Environment, Setting } from "../environments/environment.ts";
import { UserError } from "../errors.ts";
import type { SeraOptions } from "../sera/config.ts";
import type { Claim } from "./claim.ts";
import type { Factors } from "./factors.ts";
import type { RunChange } from "./run_config.ts";

/** One method, as changes to the config; a function where they depend on the condition's setting. */
export interface Arm<S extends Setting = Setting> {
  /** Short and stable: records, rows and claims name the arm by it. */
  readonly id: string;
  /** For tables and legends. */
  readonly label: string;
  /** Changes to `defaultSeraConfig`, over the environment's own. */
  sera(setting: S): SeraOptions;
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
  /** Seeds per cell. */
  readonly seeds: number;
  /** Seeds of the cells that a claim compares, where more than of the others. */
  readonly claimSeeds?: number;
  /** Further cells with as many: those that figures show beside a claim's. */
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
  /** The family that Holm's correction runs over. */
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
}

/** One condition, of no change, for studies that vary the method alone. */
const AS_IS = { id: "as-is", label: "as is" };

/**
 * A study from its definition.
 *
 * @throws {UserError} on a repeated id, or a claim or headline that names what is not there
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

function armOf<S extends Setting>({ id, label = id, sera = {} }: ArmDefinition<S>): Arm<S> {
  return { id, label, sera: typeof sera === "function" ? sera : () => sera };
}

interface Named {
  readonly id: string;
}

function checkStudy(
  { id, arms, conditions, claims, headline }:
    & Pick<Study, "id" | "claims" | "headline">
    & { readonly arms: readonly Named[]; readonly conditions: readonly Named[] },
): void {
  const fail = (what: string) => new UserError(`study "${id}": ${what}`);
  for (const [kind, list] of Object.entries({ arm: arms, condition: conditions, claim: claims })) {
    const ids = list.map((each) => each.id);
    const twice = ids.find((each, i) => ids.indexOf(each) !== i);
    if (twice !== undefined) throw fail(`two ${kind}s are called "${twice}"`);
  }
  const known = (kind: string, list: readonly Named[], name: string) => {
    if (list.some((each) => each.id === name)) return;
    throw fail(`there is no ${kind} "${name}"; there are ${list.map((e) => e.id).join(", ")}`);
  };
  for (const claim of claims) {
    known("condition", conditions, claim.condition);
    known("arm", arms, claim.arm);
    known("arm", arms, claim.baseline);
  }
  if (headline !== undefined) known("claim", claims, headline);
}
