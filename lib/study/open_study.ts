import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Setting } from "../environments/environment.ts";
import { UserError } from "../errors.ts";
import { type ClaimResult, judgeClaims } from "./judge_claims.ts";
import {
  claimsOf,
  type PlannedCell,
  type PlannedRun,
  type PlanOptions,
  planStudy,
} from "./plan.ts";
import type { StudyRecord } from "./record.ts";
import { openRecords, type RecordStore } from "./record_store.ts";
import { type StudyRow, studyRows } from "./rows.ts";
import { type PresetName, presetNames, type Study } from "./study.ts";

/** What of a study is opened, and from where. */
export interface OpenOptions extends PlanOptions {
  /** Default "full". */
  readonly preset?: string;
  /** Folder of the records, from the working directory, or a store that is open. Default: the published. */
  readonly records?: string | Pick<RecordStore, "records">;
  /**
   * Studies whose claims are one Holm family with this study's, each on the cells and seeds of the
   * preset and on the same records. Default: this study alone.
   */
  readonly family?: readonly Study[];
}

/** A study with its records, whatever its environment. */
export interface StudyResults {
  /** What was opened. */
  readonly study: Pick<
    Study,
    "id" | "title" | "claims" | "headline" | "arms" | "matched" | "firstSeed"
  >;
  /** Every planned cell and seed, with or without a record, and further seeds that are recorded. */
  readonly plan: readonly PlannedCell[];
  /** Tidy rows of the runs that have a record. */
  readonly rows: readonly StudyRow[];
  /** The records of the plan, by hash. */
  readonly records: ReadonlyMap<string, StudyRecord>;
  /** Planned runs without a record. */
  readonly missing: readonly PlannedCell[];
  /** Verdicts on the claims whose cells the plan has, corrected over the family. */
  readonly verdicts: readonly ClaimResult[];
}

/** The same with the types of its environment: what notebooks analyse. */
export interface OpenedStudy<S extends Setting = Setting> extends StudyResults {
  /** What was opened, with its arms and conditions. */
  readonly study: Study<S>;
  /** Every planned cell and seed, with its factors. */
  readonly plan: readonly PlannedRun<S>[];
  /** Tidy rows of the runs that have a record; factors are columns. */
  readonly rows: readonly StudyRow<S>[];
}

/**
 * Opens a study's plan, records, rows and verdicts.
 *
 * @throws {UserError} for an unknown preset, or naming a line of the records that is not one
 */
export function openStudy<S extends Setting>(
  study: Study<S>,
  options: OpenOptions = {},
): OpenedStudy<S> {
  const { preset = "full", records: place = PUBLISHED, family = [], ...part } = options;
  if (!presetNames.includes(preset as PresetName)) {
    throw new UserError(`preset is "${preset}"; the presets are ${presetNames.join(", ")}`);
  }
  const { records: all } = typeof place === "string" ? openRecords(resolve(place)) : place;
  // A cell that another study ran on more seeds has all of them, so that pages agree about it.
  const plan = planStudy(study, preset as PresetName, { recorded: all, ...part });
  const records = new Map(plan.flatMap(({ hash }) => {
    const record = all.get(hash);
    return record === undefined ? [] : [[hash, record] as const];
  }));
  const rows = studyRows(plan, records, study);
  const others = family.filter(({ id }) => id !== study.id).map((other) => {
    const cells = planStudy(other, preset as PresetName, { claimed: true });
    // With its study, for claims are judged on their planned seeds alone.
    const rows = { study: other, rows: studyRows(cells, all, other) };
    return { claims: claimsOf(other, cells), rows };
  });
  return {
    ...{ study, plan, rows, records },
    missing: plan.filter(({ hash }) => !records.has(hash)),
    verdicts: judgeClaims(claimsOf(study, plan), { study, rows }, others),
  };
}

/** Folder of the published records. */
export const PUBLISHED: string = fileURLToPath(
  new URL("../../results/records", import.meta.url),
);
