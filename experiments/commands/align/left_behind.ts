import { join } from "node:path";
import { endLeftRunning } from "../../../lib/processes/left_running.ts";
import type { RunDirectory } from "../../../lib/storage/run_directory.ts";

/**
 * Ends a server or trainer that an earlier process of this folder left running when it was killed:
 * they would hold the device, and write into the same checkpoint as their successors. Those of runs
 * that `--force` has set aside, too.
 *
 * @throws {UserError} naming one that still runs and cannot be ended
 */
export async function endLeftBehind(
  { folder }: Pick<RunDirectory, "folder">,
  tell: (message: string) => void,
): Promise<void> {
  const aside = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => /^previous-\d+$/.test(name));
  for (const run of ["", ...aside]) await endLeftRunning(join(folder, run, "logs"), tell);
}
