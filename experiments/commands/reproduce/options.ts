import { availableParallelism } from "node:os";
import type { CommandSpec } from "../../../lib/cli/command.ts";
import {
  choiceOption,
  integerOption,
  type OptionValues,
  pathOption,
  switchOption,
  textOption,
} from "../../../lib/cli/option.ts";
import { presetNames } from "../../../lib/study/study.ts";
import { allStudies, REAL } from "../../studies.ts";
import { sweepOptions } from "./sweep_options.ts";

/** Options of `reproduce`. */
export const reproduceOptions = {
  preset: choiceOption({
    flags: "--preset <name>",
    description: "how much to run",
    choices: presetNames,
    default: "quick",
  }),
  seeds: integerOption({
    flags: "--seeds <n>",
    description: "seeds per cell",
    min: 1,
    defaultText: "the preset's",
  }),
  arms: textOption({
    flags: "--arms <list>",
    description: "these arms alone, with commas",
    defaultText: "all",
  }),
  jobs: integerOption({
    flags: "--jobs <n>",
    description: "processes, each on one thread",
    min: 1,
    default: availableParallelism(),
  }),
  reuse: switchOption({
    flags: "--reuse",
    description: "take published records of the same config instead of running them again",
  }),
  publish: switchOption({
    flags: "--publish",
    description: "write the committed records, tables, notebooks and figures",
  }),
  out: pathOption({
    flags: "--out <dir>",
    description: "folder for records, tables, figures and notebooks",
    defaultText: ".cache/reproduce",
  }),
  dryRun: switchOption({ flags: "--dry-run", description: "list the runs and stop" }),
  tables: switchOption({
    flags: "--tables",
    description: "run nothing: tables and verdicts of the records that are there",
  }),
  skipNotebooks: switchOption({
    flags: "--skip-notebooks",
    description: "leave the notebooks, figures and the site alone",
  }),
  ...sweepOptions,
};

/** Values of the options. */
export type ReproduceOptions = OptionValues<typeof reproduceOptions>;

/** The command as `--help` shows it. */
export const reproduceCommand: CommandSpec<typeof reproduceOptions> = {
  name: "reproduce",
  description: "Run what is missing of the studies; make their tables, verdicts and notebooks.",
  operands: {
    syntax: "[study...]",
    description:
      "studies to reproduce; those in the small language unless named. The studies of a " +
      `pretrained model, "${REAL}", take hours`,
    choices: [...allStudies.map((study) => study.id), REAL],
  },
  options: reproduceOptions,
  notes: "A finished run is never repeated. Interrupted or killed, the same command goes on.",
};
