/** The child process of the newcomer's notebook: runs the iteration and keeps what it showed. */
import { dirname } from "node:path";
import { runCommand } from "../../lib/cli/run_command.ts";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { commandProgress } from "../../lib/progress/command_progress.ts";
import { writeDurably } from "../../lib/results/durable_file.ts";
import { walkThrough, walkthroughSpec } from "./walkthrough.ts";
import { walkthroughPath } from "./walkthrough_file.ts";

if (import.meta.main) {
  const progress = commandProgress();
  await runCommand(async () => {
    await loadEngine();
    const spec = walkthroughSpec();
    const path = walkthroughPath(spec);
    const text = JSON.stringify(await walkThrough(spec, progress));
    Deno.mkdirSync(dirname(path), { recursive: true });
    writeDurably(path, [new TextEncoder().encode(text)]);
  }, { beforeExit: () => progress.close() });
}
