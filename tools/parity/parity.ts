/**
 * `deno task parity`: regenerates every committed reference value with PyTorch, compares, checks the
 * suite against the fresh values, and lets PyTorch read what the suite writes.
 */
import { parseCommand } from "../../lib/cli/command.ts";
import { switchOption } from "../../lib/cli/option.ts";
import { runCommand } from "../../lib/cli/run_command.ts";
import { messageOf, UserError } from "../../lib/errors.ts";
import { CHECKS } from "./checks.ts";
import { createContext } from "./context.ts";

const SPEC = {
  name: "parity",
  description: "Check the suite against PyTorch, transformers, peft and trl, both ways.",
  operands: {
    syntax: "[check...]",
    description: "only these checks",
    choices: CHECKS.map(({ id }) => id),
  },
  options: {
    list: switchOption({ flags: "--list", description: "list the checks and stop" }),
    write: switchOption({
      flags: "--write",
      description: "replace the committed reference values by the fresh ones",
    }),
  },
  notes: `On first use it makes a Python environment of its own in .parity/env (several GB).
SERA_PARITY_PYTHON=<python> uses an environment that has tools/parity/requirements.txt instead;
SERA_SMOLLM2=<file> names the GGUF file of SmolLM2-135M-Instruct.`,
};

await runCommand(async (args) => {
  const { options, operands } = parseCommand(SPEC, args);
  if (options.list) {
    for (const { id, title } of CHECKS) console.log(`${id.padEnd(16)} ${title}`);
    return;
  }
  const chosen = CHECKS.filter(({ id }) => operands.length === 0 || operands.includes(id));
  const context = await createContext();
  const failed: string[] = [];
  for (const [index, check] of chosen.entries()) {
    console.log(`[${index + 1}/${chosen.length}] ${check.title}`);
    const started = performance.now();
    let good = false;
    try {
      good = await check.run(context, options.write);
    } catch (error) {
      console.error(`  ${messageOf(error)}`);
    }
    if (!good) failed.push(check.id);
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.log(`  ${good ? "ok" : "FAILED"} (${seconds} s)`);
  }
  if (failed.length > 0) {
    throw new UserError(
      `parity: ${failed.length} of ${chosen.length} failed: ${failed.join(", ")}`,
    );
  }
  console.log(`parity: all ${chosen.length} checks agree`);
});
