import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CommandOptions, TableConfig } from "./table_config.ts";

/** What replaces the published models and data: a smaller trial on one's own files. */
export interface TableOverrides {
  /** In place of every model of the table, each of which is then a run of it. */
  readonly model?: string | undefined;
  readonly sftData?: string | undefined;
  readonly data?: string | undefined;
  /** Optimiser steps of SFT and of each iteration. */
  readonly steps?: number | undefined;
  /** Longest sequence everywhere. */
  readonly maxLength?: number | undefined;
}

/** A command of the plan. */
export interface PlannedCommand {
  readonly command: "sft" | "data" | "align" | "evaluate";
  /** Of the table. */
  readonly model: string;
  /** What it makes, under the plan's folder. */
  readonly folder: string;
  readonly args: readonly string[];
  /** Iterations of an alignment. */
  readonly iterations?: number;
  /** Whether the policy writes pairs of its own. */
  readonly bootstraps?: boolean;
}

/** The template that base models get: Zephyr's roles around each message. */
const TEMPLATE = fileURLToPath(new URL("./chat_template.jinja", import.meta.url));

/** Methods without pairs of the policy's own. */
const OFFLINE: readonly unknown[] = ["plain", "select", "random", "relabel"];

/**
 * Every command of a table, in the order in which they run; each continues where it was left.
 *
 * @param root folder of all tables' runs
 */
export function planTable(
  table: TableConfig,
  root: string,
  overrides: TableOverrides = {},
): PlannedCommand[] {
  const { steps, maxLength } = overrides;
  const trial = { steps, "max-length": maxLength };
  return Object.entries(table.models).flatMap(([model, { id }]) => {
    // Tables with the same options share what is made first.
    const shared = (...parts: string[]) => join(root, model, ...parts);
    const place = (run: string, ...parts: string[]) => join(root, table.name, model, run, ...parts);
    const start = shared("sft", "model");
    const sft: PlannedCommand = {
      ...{ command: "sft", model, folder: shared("sft") },
      args: args(
        { ...table.sft, ...(overrides.sftData !== undefined && { data: overrides.sftData }) },
        trial,
        { model: overrides.model ?? id, out: shared("sft"), template: TEMPLATE },
      ),
    };
    const prepared: PlannedCommand = {
      ...{ command: "data", model, folder: shared("data") },
      args: args(
        // One's own pairs may be in any of the schemas.
        {
          ...table.data,
          ...(overrides.data !== undefined && { data: overrides.data, schema: "auto" }),
        },
        { "max-length": maxLength },
        { model: start, out: shared("data") },
      ),
    };
    const runs = table.noise.flatMap((noise) =>
      table.arms.flatMap(({ name, ...arm }) =>
        Array.from({ length: table.seeds }, (_, seed): PlannedCommand[] => {
          const run = `${name}-flips-${noise}-seed-${seed}`;
          const options: CommandOptions = { ...table.align, ...arm };
          return [{
            ...{ command: "align", model, folder: place(run) },
            args: args(options, trial, {
              ...(maxLength !== undefined && { "max-new-tokens": maxLength }),
              ...{ model: start, data: shared("data", "train.jsonl"), out: place(run), seed },
              "flip-labels": noise,
            }),
            iterations: Number(options.iterations ?? 3),
            bootstraps: !OFFLINE.includes(options.method),
          }, {
            ...{ command: "evaluate", model, folder: place(`${run}-judged`) },
            args: args(table.judge, {}, {
              ...{ model: start, adapter: place(run, "adapter"), "baseline-model": start },
              out: place(`${run}-judged`),
            }),
          }];
        }).flat()
      )
    );
    return [sft, prepared, ...runs];
  });
}

/** Options as a command line; the later win, undefined stands for "not given". */
function args(...options: Readonly<Record<string, unknown>>[]): string[] {
  const merged: Record<string, unknown> = {};
  for (const each of options) {
    for (const [name, value] of Object.entries(each)) if (value !== undefined) merged[name] = value;
  }
  return Object.entries(merged).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : value === false ? [] : [`--${name}`, String(value)]
  );
}
