import { parseCommand } from "../../../lib/cli/command.ts";
import { refuseIdle } from "../../../lib/cli/idle_options.ts";
import { print } from "../../../lib/cli/print.ts";
import { runCommand } from "../../../lib/cli/run_command.ts";
import { commandProgress } from "../../../lib/progress/command_progress.ts";
import { idleOptions } from "./idle_options.ts";
import { dataCommand } from "./options.ts";

if (import.meta.main) {
  const progress = commandProgress();
  await runCommand(async (args) => {
    const { options, given } = parseCommand(dataCommand, args);
    refuseIdle(idleOptions(options), given);
    // Loaded after the options are known to be right: --help and typos answer at once.
    const { prepareData } = await import("./prepare_data.ts");
    print(await prepareData(options, progress));
  }, { beforeExit: () => progress.close() });
}
