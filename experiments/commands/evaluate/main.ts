import { parseCommand } from "../../../lib/cli/command.ts";
import { refuseIdle } from "../../../lib/cli/idle_options.ts";
import { runCommand } from "../../../lib/cli/run_command.ts";
import { print } from "../../../lib/cli/print.ts";
import { commandProgress } from "../../../lib/progress/command_progress.ts";
import { idleOptions } from "./idle_options.ts";
import { evaluateCommand } from "./options.ts";

if (import.meta.main) {
  const progress = commandProgress();
  await runCommand(async (args) => {
    const { options, given } = parseCommand(evaluateCommand, args);
    refuseIdle(idleOptions(options), given);
    // Loaded after the options are known to be right: --help and typos answer at once.
    const { evaluate } = await import("./evaluate.ts");
    for (const line of await evaluate(options, progress)) print(line);
  }, {
    beforeExit: () => progress.close(),
    interrupted: "answers and replies are kept; the same command goes on",
  });
}
