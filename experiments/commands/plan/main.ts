/** `plan`: writes the claims of all studies into `experiments/plan.md`, before the runs. */
import { join } from "node:path";
import { parseCommand } from "../../../lib/cli/command.ts";
import { runCommand } from "../../../lib/cli/run_command.ts";
import { print } from "../../../lib/cli/print.ts";
import { projectRoot } from "../../../lib/engine/layout.ts";
import { writeDurably } from "../../../lib/files/durable_file.ts";
import { markedPart, withMarkedPart } from "../marked_part.ts";
import { claimLines, claimsTable } from "./claims_table.ts";
import { claimFamilies } from "./families.ts";

const command = {
  name: "plan",
  description: "Write the claims of all studies into experiments/plan.md.",
  options: {},
} as const;

if (import.meta.main) {
  await runCommand((args) => {
    parseCommand(command, args);
    const path = join(projectRoot, "experiments", "plan.md");
    let page = Deno.readTextFileSync(path);
    for (const { marks, studies, responseSd } of claimFamilies) {
      const table = claimsTable(studies, responseSd);
      const same = `${claimLines(table)}` === `${claimLines(markedPart(page, marks))}`;
      if (!same) page = withMarkedPart(page, marks, table);
      const count = studies.flatMap(({ claims }) => claims).length;
      print(`${count} claims${same ? ", as they stand" : ""}: ${path}`);
    }
    writeDurably(path, [new TextEncoder().encode(page)]);
    return Promise.resolve(0);
  });
}
