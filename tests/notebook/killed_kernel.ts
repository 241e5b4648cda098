/** A notebook whose kernel is killed while a cell runs a study: for a test and for the campaign. */
import { join } from "node:path";
import { PARAMETERS_VARIABLE } from "../../lib/notebook/parameters.ts";
import { joined, readNotebook } from "../../tools/notebooks/notebook.ts";
import { ROOT, venvProgram } from "../../tools/notebooks/paths.ts";

const NOTEBOOK = join(ROOT, "tests", "notebook", "fixtures", "killed.ipynb");

/** What a call of `executeKilled` came to. */
export interface KilledExecution {
  /** Whether the kernel was met alive. */
  readonly killed: boolean;
  /** What the last cell shows; undefined where the notebook was not finished. */
  readonly shown: string | undefined;
}

/**
 * Executes the notebook; its kernel is killed (SIGKILL) so many milliseconds after the cell has
 * opened the records.
 *
 * @param after undefined: it is left alone
 */
export async function executeKilled(
  records: string,
  output: string,
  after?: number,
): Promise<KilledExecution> {
  const program = new Deno.Command(venvProgram("python"), {
    args: [join(ROOT, "tools", "notebooks", "execute.py"), NOTEBOOK, output],
    env: { [PARAMETERS_VARIABLE]: JSON.stringify({ records }) },
    stdout: "null",
    stderr: "null",
  }).spawn();
  let killed = false;
  let ended = false;
  const status = program.status.finally(() => ended = true);
  if (after !== undefined) {
    const isHeld = () => {
      try {
        return Deno.statSync(join(records, ".lock")).size > 0;
      } catch {
        return false;
      }
    };
    const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    while (!ended && !isHeld()) await sleep(20);
    await sleep(after);
    for (const pid of ended ? [] : await childrenOf(program.pid)) {
      try {
        Deno.kill(pid, "SIGKILL");
        killed = true;
      } catch {
        // It was faster.
      }
    }
  }
  if (!(await status).success) return { killed, shown: undefined };
  const outputs = readNotebook(output).cells.at(-1)?.outputs ?? [];
  return { killed, shown: joined(outputs.at(-1)?.data?.["text/markdown"] as string | string[]) };
}

async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "pid=", "--ppid", `${pid}`] })
    .output();
  return new TextDecoder().decode(stdout).trim().split(/\s+/).filter(Boolean).map(Number);
}
