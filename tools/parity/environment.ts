/** The Python environment of the references: torch, transformers, peft and trl, pinned. */
import { projectRoot } from "../../lib/engine/layout.ts";
import { UserError } from "../../lib/errors.ts";
import { capture, isFile, run } from "../setup/process.ts";
import { pythonCandidates } from "../setup/python.ts";
import { hashOf, removeIfThere, writeWhole } from "../setup/step.ts";

const here = `${projectRoot}tools/parity/`;

/** Git-ignored: the virtual environment and everything a parity run writes. */
export const parityFolder: string = `${projectRoot}.parity/`;

/** The folder of the reference scripts, with a slash at its end. */
export const scriptFolder: string = here;

/**
 * The Python to run the references with: `SERA_PARITY_PYTHON`, or `.parity/env`, made on first use.
 * @throws UserError without a usable Python.
 */
export async function parityPython(): Promise<string> {
  const given = Deno.env.get("SERA_PARITY_PYTHON");
  if (given !== undefined && given !== "") {
    if (capture(given, ["-c", "import torch, transformers, peft, trl, gguf"]) === undefined) {
      throw new UserError(
        `SERA_PARITY_PYTHON: ${given} cannot import torch, transformers, peft, trl and gguf; ` +
          `install tools/parity/requirements.txt there or unset the variable`,
      );
    }
    return given;
  }
  const environment = `${parityFolder}env`;
  const windows = Deno.build.os === "windows";
  const python = `${environment}/${windows ? "Scripts/python.exe" : "bin/python"}`;
  const files = ["requirements.txt", "constraints.txt"].map((name) => `${here}${name}`);
  const key = hashOf(...files.map((path) => `file:${path}`));
  const stamp = `${parityFolder}env.stamp`;
  if (isFile(python) && isFile(stamp) && Deno.readTextFileSync(stamp) === key) return python;

  const check = "import sys, venv, ensurepip; print(sys.version_info >= (3, 11))";
  const base = pythonCandidates().find((candidate) => capture(candidate, ["-c", check]) === "True");
  if (base === undefined) {
    throw new UserError(
      "no Python 3.11 or newer with venv found; install one (apt install python3 python3-venv; " +
        "brew install python) or name it in SERA_PYTHON",
    );
  }
  console.log("Making the Python environment of the references (.parity/env, several GB) ...");
  removeIfThere(stamp);
  removeIfThere(environment);
  await run(base, ["-m", "venv", environment]);
  await run(python, [
    "-m",
    "pip",
    "install",
    "--retries=5",
    "--no-input",
    "--disable-pip-version-check",
    "-r",
    files[0]!,
    "-c",
    files[1]!,
  ]);
  writeWhole(stamp, key);
  return python;
}
