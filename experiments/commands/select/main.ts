import { parseCommand } from "../../../lib/cli/command.ts";
import { refuseIdle } from "../../../lib/cli/idle_options.ts";
import { runCommand } from "../../../lib/cli/run_command.ts";
import { print } from "../../../lib/cli/print.ts";
import { commandProgress } from "../../../lib/progress/command_progress.ts";
import { idleOptions } from "./idle_options.ts";
import { selectCommand } from "./options.ts";

if (import.meta.main) {
  const progress = commandProgress();
  await runCommand(async (args) => {
    const { options, given } = parseCommand(selectCommand, args);
    refuseIdle(idleOptions(options), given);
    const { select } = await import("./select.ts");
    print(await select(options, new Set(given.keys()), progress));
  }, { beforeExit: () => progress.close() });
}
