/** `deno task paper`: what each table of the paper would take here, and its commands. */
import { parseCommand } from "../../lib/cli/command.ts";
import { integerOption, pathOption, pathOrHubOption, switchOption } from "../../lib/cli/option.ts";
import { print } from "../../lib/cli/print.ts";
import { runCommand } from "../../lib/cli/run_command.ts";
import { projectRoot } from "../../lib/engine/layout.ts";
import { UserError } from "../../lib/errors.ts";
import { checkJudge } from "./check_judge.ts";
import { readTable, tableNames } from "./table_config.ts";
import { measuredRates } from "./table_cost.ts";
import { planTable } from "./table_plan.ts";
import { planText } from "./plan_text.ts";

const command = {
  name: "paper",
  description: "The paper's settings as runs of this suite: plan, cost and commands of a table.",
  operands: { syntax: "[table...]", description: "default: all", choices: tableNames() },
  options: {
    out: pathOption({
      flags: "--out <dir>",
      description: "folder of the runs",
      default: "runs/paper",
    }),
    run: switchOption({
      flags: "--run",
      description: "run what is planned, one command after the other; each goes on where it was",
    }),
    first: integerOption({
      flags: "--first <n>",
      description: "with --run, stop after this many commands",
      min: 1,
      defaultText: "all",
    }),
    model: pathOrHubOption({ flags: "--model <path>", description: "in place of every model" }),
    sftData: pathOrHubOption({
      flags: "--sft-data <file>",
      description: "in place of the SFT data",
    }),
    data: pathOrHubOption({ flags: "--data <file>", description: "in place of the preferences" }),
    steps: integerOption({
      flags: "--steps <n>",
      description: "optimiser steps of SFT and of each iteration: a trial",
      min: 1,
      defaultText: "one epoch",
    }),
    maxLength: integerOption({
      flags: "--max-length <n>",
      description: "longest sequence",
      min: 8,
      defaultText: "the table's",
    }),
  },
} as const;

if (import.meta.main) {
  await runCommand(async (args) => {
    const { options, operands } = parseCommand(command, args);
    const rates = measuredRates();
    for (const name of operands.length > 0 ? operands : tableNames()) {
      const table = readTable(name);
      const plan = planTable(table, options.out, options);
      print(planText(table, plan, rates));
      if (!options.run) continue;
      const steps = plan.slice(0, options.first);
      checkJudge(table, steps);
      for (const step of steps) {
        const script = `${projectRoot}experiments/commands/${step.command}/main.ts`;
        const { code } = await new Deno.Command(Deno.execPath(), {
          args: ["run", "-A", "--quiet", script, ...step.args],
        }).spawn().status;
        if (code !== 0) throw new UserError(`${name}: ${step.command} into ${step.folder} failed`);
      }
    }
  });
}
