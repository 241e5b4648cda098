/** `lab`: JupyterLab in the folder of notebooks, from the project's own Python environment. */
import { NOTEBOOKS, venvProgram } from "./paths.ts";

const { code } = await new Deno.Command(venvProgram("jupyter-lab"), {
  args: Deno.args,
  cwd: NOTEBOOKS,
}).spawn().status;
Deno.exit(code);
