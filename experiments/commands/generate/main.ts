import { parseCommand } from "../../../lib/cli/command.ts";
import { runCommand } from "../../../lib/cli/run_command.ts";
import { commandProgress } from "../../../lib/progress/command_progress.ts";
import { generateCommand } from "./options.ts";

if (import.meta.main) {
  const progress = commandProgress();
  await runCommand(async (args) => {
    const { options } = parseCommand(generateCommand, args);
    // Loaded after the options are known to be right: --help and typos answer at once.
    const { generateResponses } = await import("./generate_responses.ts");
    console.log(await generateResponses(options, progress));
  }, { beforeExit: () => progress.close() });
}
