/**
 * Changed files for every reader: typed errors only, no hang, no hunger for memory, no weight that
 * is not finite.
 *
 * deno task fuzz [--reader NAME] [--runs N] [--seed S] [--keep FOLDER]
 */
import { parseArgs } from "node:util";
import { userPath } from "../../lib/cli/user_path.ts";
import { messageOf, UserError } from "../../lib/errors.ts";
import { plainText } from "../../lib/plain_text.ts";
import { fuzz, type FuzzResult } from "./fuzz.ts";
import { FAULTS } from "./outcome.ts";
import { readers } from "./readers.ts";

const help = `deno task fuzz [--reader NAME] [--runs N] [--seed S] [--keep FOLDER]

  --reader  one of ${Object.keys(readers).join(", ")} (default: each)
  --runs    changed files for each reader (default 1000)
  --seed    other files (default 0)
  --keep    folder that gets the files of faults`;

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      reader: { type: "string" },
      runs: { type: "string", default: "1000" },
      seed: { type: "string", default: "0" },
      keep: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const whole = (name: "runs" | "seed"): number => {
    if (/^\d{1,9}$/.test(values[name])) return Number(values[name]);
    throw new UserError(`--${name} ${values[name]}: give a whole number`);
  };
  const names = values.reader === undefined ? Object.keys(readers) : [values.reader];
  let faults = 0;
  for (const name of names) {
    const result = await fuzz(
      name,
      whole("runs"),
      whole("seed"),
      values.keep && userPath(values.keep),
    );
    faults += result.faults.length;
    console.log(lineOf(result));
    for (const { index, outcome, message = "" } of result.faults.slice(0, 20)) {
      console.log(`  case ${index}: ${outcome} ${plainText(message, " ").slice(0, 300)}`);
    }
  }
  console.log(`${faults} faults`);
  return faults === 0 ? 0 : 1;
}

function lineOf({ reader, counts, slowest, faults }: FuzzResult): string {
  const count = (outcome: "accepted" | "refused" | "stopped") => counts.get(outcome) ?? 0;
  return `${reader}: ${count("accepted")} accepted, ${count("refused")} refused, ` +
    `${count("stopped")} stopped, ${faults.length} faults (${FAULTS.join(", ")}); ` +
    `slowest ${slowest.toFixed(2)} s`;
}

try {
  Deno.exit(await main(Deno.args));
} catch (error) {
  console.error(messageOf(error));
  Deno.exit(1);
}
