import { parseCommand } from "../../../lib/cli/command.ts";
import { refuseIdle } from "../../../lib/cli/idle_options.ts";
import { runCommand } from "../../../lib/cli/run_command.ts";
import { print } from "../../../lib/cli/print.ts";
import { commandProgress } from "../../../lib/progress/command_progress.ts";
import { idleOptions } from "./idle_options.ts";
import { generateCommand } from "./options.ts";

if (import.meta.main) {
  const progress = commandProgress();
  await runCommand(async (args) => {
    const { options, given } = parseCommand(generateCommand, args);
    refuseIdle(idleOptions(options), given);
    // Loaded after the options are known to be right: --help and typos answer at once.
    if (options.server === undefined) {
      const { generateResponses } = await import("./generate_responses.ts");
      return print(await generateResponses(options, progress));
    }
    const { generateResponsesByServer } = await import("./generate_by_server.ts");
    print(await generateResponsesByServer(options, options.server, progress));
  }, { beforeExit: () => progress.close() });
}
