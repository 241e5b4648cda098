/**
 * `lab`: JupyterLab from the project's own Python environment, in the repository with the folder of
 * notebooks open: study files can be edited beside them.
 */
import { UserError } from "../../lib/errors.ts";
import { hangupIgnored, ignoreHangup } from "../../lib/processes/hangup.ts";
import { ROOT, venvProgram } from "./paths.ts";

// A task that is called from JupyterLab's terminal stands elsewhere than this one was called from.
Deno.env.delete("INIT_CWD");
// In containers one is root, which JupyterLab refuses unless it is told that this is meant.
const asRoot = Deno.build.os !== "windows" && Deno.uid() === 0 ? ["--allow-root"] : [];
const lab = new Deno.Command(program(), {
  args: ["--LabApp.default_url=/lab/tree/notebooks", ...asRoot, ...Deno.args],
  cwd: ROOT,
}).spawn();
if (hangupIgnored()) ignoreHangup();
// A container that stops asks this process to end; Ctrl-C reaches JupyterLab by itself.
if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", () => lab.kill("SIGTERM"));
Deno.exit((await lab.status).code);

function program(): string {
  try {
    return venvProgram("jupyter-lab");
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(`error: ${error.message}`);
    Deno.exit(1);
  }
}
