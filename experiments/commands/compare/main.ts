import { parseCommand } from "../../../lib/cli/command.ts";
import { refuseIdle } from "../../../lib/cli/idle_options.ts";
import { runCommand } from "../../../lib/cli/run_command.ts";
import { commandProgress } from "../../../lib/progress/command_progress.ts";
import { idleOptions } from "./idle_options.ts";
import { compareCommand } from "./options.ts";

if (import.meta.main) {
  const progress = commandProgress();
  await runCommand(async (args) => {
    const { options, given } = parseCommand(compareCommand, args);
    refuseIdle(idleOptions(options), given);
    // Loaded after the options are known to be right: --help and typos answer at once.
    const { compare } = await import("./compare.ts");
    return await compare(options, progress);
  }, {
    beforeExit: () => progress.close(),
    interrupted: "finished runs are kept; the same command goes on",
  });
}
