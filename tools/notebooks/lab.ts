/** `lab`: JupyterLab in the folder of notebooks, from the project's own Python environment. */
import { NOTEBOOKS, venvProgram } from "./paths.ts";

// A task that is called from JupyterLab's terminal stands elsewhere than this one was called from.
Deno.env.delete("INIT_CWD");
const { code } = await new Deno.Command(venvProgram("jupyter-lab"), {
  args: Deno.args,
  cwd: NOTEBOOKS,
}).spawn().status;
Deno.exit(code);
