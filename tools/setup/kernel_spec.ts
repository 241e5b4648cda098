/** The Deno kernel as Jupyter finds it: `.venv/share/jupyter/kernels/deno/kernel.json`. */
import { needEnvironment, venv } from "./python.ts";
import { hashOf, readStamp, type Step, writeWhole } from "./step.ts";

/** The kernel spec that set-up writes. */
export const kernelSpecPath: string = `${venv}/share/jupyter/kernels/deno/kernel.json`;

/** Writes the spec with the Deno that runs now: nobody's PATH need hold one. */
export const kernelSpecStep: Step = {
  id: "kernel-spec",
  title: "Deno kernel for Jupyter",
  key: () => hashOf(Deno.execPath(), readStamp("venv")?.key ?? "none"),
  outputs: () => [kernelSpecPath],
  // deno-lint-ignore require-await
  async run() {
    needEnvironment();
    const spec = {
      argv: [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"],
      display_name: "Deno",
      language: "typescript",
      // The default, a signal, would end the kernel.
      interrupt_mode: "message",
      env: { NO_COLOR: "1" },
    };
    writeWhole(kernelSpecPath, JSON.stringify(spec, null, 2) + "\n");
  },
};
