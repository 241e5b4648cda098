/** A plan of runs as a file that any scheduler can go through, and the results of its runs. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { writeDurably } from "../files/durable_file.ts";
import type { PlannedCell } from "../study/plan.ts";
import { parseRecord, recordLine, type StudyRecord } from "../study/record.ts";
import type { RecordStore } from "../study/record_store.ts";
import { type PresetName, presetNames } from "../study/study.ts";

/** One run of a plan file. */
export interface SweepRun {
  readonly hash: string;
  /** Studies that plan it; the first one's cell makes the config. */
  readonly studies: readonly string[];
  readonly preset: PresetName;
  readonly condition: string;
  readonly arm: string;
  readonly seed: number;
}

const COLUMNS = ["index", "hash", "studies", "preset", "condition", "arm", "seed"];

/** Each different run of a plan once, in its order. */
export function sweepRuns(
  runs: readonly PlannedCell[],
  plan: readonly PlannedCell[],
  preset: PresetName,
): SweepRun[] {
  return runs.map(({ hash, study, condition, arm, seed }) => {
    const owners = plan.filter((run) => run.hash === hash).map((run) => run.study);
    return { hash, studies: [...new Set([study, ...owners])], preset, condition, arm, seed };
  });
}

/** Writes a plan file: tab-separated, a header, then a line per run; indices count from 0. */
export function writeSweep(path: string, runs: readonly SweepRun[]): void {
  const lines = runs.map((run, index) =>
    [index, run.hash, run.studies.join(), run.preset, run.condition, run.arm, run.seed].join("\t")
  );
  writeDurably(path, [new TextEncoder().encode([COLUMNS.join("\t"), ...lines, ""].join("\n"))]);
}

/** @throws {UserError} where the file is no plan of ours */
export function readSweep(path: string): SweepRun[] {
  if (!existsSync(path)) throw new UserError(`${path} does not exist: write it with --plan`);
  const [head, ...lines] = Deno.readTextFileSync(path).trimEnd().split("\n");
  if (head !== COLUMNS.join("\t")) throw new UserError(`${path} is no plan that --plan wrote`);
  return lines.map((line, at) => {
    const [index, hash = "", studies = "", preset, condition = "", arm = "", seed] = line.split(
      "\t",
    );
    const known = presetNames.find((name) => name === preset);
    if (Number(index) !== at || known === undefined || !/^\d+$/.test(seed ?? "")) {
      throw new UserError(`${path} line ${at + 2} is no run of a plan: write it anew with --plan`);
    }
    return { hash, studies: studies.split(","), preset: known, condition, arm, seed: Number(seed) };
  });
}

/** Folder of a plan's results. */
export function partsOf(path: string): string {
  return `${path}.parts`;
}

/** Whether a run's result is there. */
export function hasPart(path: string, { hash }: SweepRun): boolean {
  return existsSync(partPath(path, hash));
}

/**
 * Keeps a run's result under its hash: whole or not at all, whichever machines do the same run at the
 * same time.
 */
export function writePart(path: string, record: StudyRecord): void {
  writeDurably(partPath(path, record.hash), [new TextEncoder().encode(`${recordLine(record)}\n`)]);
}

/**
 * Adds the results that are there to the records of every study that plans them.
 *
 * @returns the runs without a result
 * @throws {UserError} where a result is of another run, or was changed
 */
export function mergeParts(path: string, store: RecordStore): SweepRun[] {
  return readSweep(path).filter((run) => {
    if (!hasPart(path, run)) return true;
    const part = partPath(path, run.hash);
    const record = parseRecord(Deno.readTextFileSync(part).trimEnd(), part);
    if (record.hash !== run.hash) {
      throw new UserError(
        `${part} holds the run ${record.hash}: remove it and run that index again`,
      );
    }
    for (const study of run.studies) store.add(study, record);
    return false;
  });
}

function partPath(path: string, hash: string): string {
  return join(partsOf(path), `${hash}.json`);
}
