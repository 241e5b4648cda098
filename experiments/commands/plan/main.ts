/** `plan`: writes the claims of all studies into `experiments/plan.md`, before the runs. */
import { join } from "node:path";
import { parseCommand } from "../../../lib/cli/command.ts";
import { runCommand } from "../../../lib/cli/run_command.ts";
import { print } from "../../../lib/cli/print.ts";
import { projectRoot } from "../../../lib/engine/layout.ts";
import { writeDurably } from "../../../lib/files/durable_file.ts";
import { studies } from "../../studies.ts";
import { markedPart, withMarkedPart } from "../marked_part.ts";
import { claimLines, CLAIMS, claimsTable } from "./claims_table.ts";

const command = {
  name: "plan",
  description: "Write the claims of all studies into experiments/plan.md.",
  options: {},
} as const;

if (import.meta.main) {
  await runCommand((args) => {
    parseCommand(command, args);
    const path = join(projectRoot, "experiments", "plan.md");
    const page = Deno.readTextFileSync(path);
    const table = claimsTable(studies);
    const count = studies.flatMap(({ claims }) => claims).length;
    if (`${claimLines(table)}` === `${claimLines(markedPart(page, CLAIMS))}`) {
      print(`${count} claims, as they stand in ${path}`);
      return Promise.resolve(0);
    }
    writeDurably(path, [new TextEncoder().encode(withMarkedPart(page, CLAIMS, table))]);
    print(`${count} claims: ${path}`);
    return Promise.resolve(0);
  });
}
