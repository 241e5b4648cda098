import { parseCommand } from "../../../lib/cli/command.ts";
import { refuseIdle } from "../../../lib/cli/idle_options.ts";
import { runCommand } from "../../../lib/cli/run_command.ts";
import { print } from "../../../lib/cli/print.ts";
import { commandProgress } from "../../../lib/progress/command_progress.ts";
import { idleOptions } from "./idle_options.ts";
import { scoreCommand } from "./options.ts";

if (import.meta.main) {
  const progress = commandProgress();
  await runCommand(async (args) => {
    const { options, given } = parseCommand(scoreCommand, args);
    refuseIdle(idleOptions(options), given);
    // Loaded after the options are known to be right: --help and typos answer at once.
    if (options.server === undefined) {
      const { scorePairs } = await import("./score_pairs.ts");
      return print(await scorePairs(options, progress));
    }
    const { scorePairsByServer } = await import("./score_by_server.ts");
    print(await scorePairsByServer(options, options.server, progress));
  }, { beforeExit: () => progress.close() });
}
