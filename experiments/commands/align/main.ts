import { parseCommand } from "../../../lib/cli/command.ts";
import { runCommand } from "../../../lib/cli/run_command.ts";
import { print } from "../../../lib/cli/print.ts";
import { commandProgress } from "../../../lib/progress/command_progress.ts";
import { refuseIdleOptions } from "./idle_options.ts";
import { alignCommand } from "./options.ts";
import { commandsElsewhere } from "./commands_elsewhere.ts";

if (import.meta.main) {
  const progress = commandProgress();
  await runCommand(async (args) => {
    const { options, given } = parseCommand(alignCommand, args);
    const commands = commandsElsewhere(options);
    refuseIdleOptions(options, given);
    // Loaded after the options are known to be right: --help and typos answer at once.
    if (commands !== undefined) {
      const { runAlignExternally } = await import("./run_external.ts");
      return print(await runAlignExternally(options, commands, progress));
    }
    const { runAlign } = await import("./run.ts");
    print(await runAlign(options, progress));
  }, { beforeExit: () => progress.close() });
}
