/** A command that starts a server or a trainer: `external_child.ts <server|trainer> <folder> <line>`. */
import { join } from "node:path";
import { runCommand } from "../../lib/cli/run_command.ts";
import { runTrainer } from "../../lib/external/external_trainer.ts";
import { startServer } from "../../lib/external/model_server.ts";
import type { TextTokenizer } from "../../lib/text/tokenizer.ts";

await runCommand(async ([what, dir = "", line = ""]) => {
  if (what === "server") {
    await startServer("checkpoint", {} as TextTokenizer, {
      ...{ command: `: {checkpoint} {port}; ${line}`, name: "the server of checkpoint 0" },
      ...{ log: join(dir, "server.log"), startSeconds: 60 },
    });
  } else {
    await runTrainer(`cd '${dir}'; ${line}; :`, {
      ...{ iteration: 1, pairs: "pairs.jsonl", start: "start", sft: "sft", seed: 1, config: {} },
      ...{ output: join(dir, "out"), steps: join(dir, "steps") },
    }, join(dir, "trainer-1"));
  }
  console.log("done");
});
