import {
  choiceOption,
  integerOption,
  pathOption,
  switchOption,
  textOption,
} from "../../../lib/cli/option.ts";

/** Options of `reproduce` for runs on other machines. */
export const sweepOptions = {
  plan: pathOption({
    flags: "--plan <file>",
    description: "write the missing runs into a TSV, for any scheduler, and stop",
  }),
  index: integerOption({
    flags: "--index <n>",
    description: "do run n of --plan, from 0; nothing where its result is there",
    min: 0,
  }),
  merge: switchOption({
    flags: "--merge",
    description: "add the results of --plan to the records instead of running anything",
  }),
  executor: choiceOption({
    flags: "--executor <name>",
    description: "where the missing runs are done",
    choices: ["local", "slurm"],
    default: "local",
  }),
  partition: textOption({ flags: "--partition <name>", description: "Slurm's partition" }),
  account: textOption({ flags: "--account <name>", description: "Slurm's account" }),
  time: textOption({ flags: "--time <limit>", description: "time limit of a run, as sbatch's" }),
  memory: textOption({
    flags: "--memory <size>",
    description: "memory of a run, as sbatch's --mem",
  }),
  gpus: integerOption({ flags: "--gpus <n>", description: "GPUs of a run", min: 1 }),
  arrayLimit: integerOption({
    flags: "--array-limit <n>",
    description: "runs at a time, with --executor slurm",
    min: 1,
    defaultText: "the cluster's",
  }),
  attempts: integerOption({
    flags: "--attempts <n>",
    description: "submissions of a run that fails or is preempted",
    min: 1,
    default: 3,
  }),
};
