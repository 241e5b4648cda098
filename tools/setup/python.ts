/** The Python environment: found, made, and filled by pip. */
import { projectRoot } from "../../lib/engine/layout.ts";
import { capture, isFile, run, whichOutside } from "./process.ts";
import { hashOf, readStamp, removeIfThere, type Step, Unavailable } from "./step.ts";

const windows = Deno.build.os === "windows";

/** The project's virtual environment. */
export const venv: string = `${projectRoot}.venv`;

/** A command inside the virtual environment, there or not. */
export function venvCommand(name: string): string {
  return windows ? `${venv}/Scripts/${name}.exe` : `${venv}/bin/${name}`;
}

/** A file of pinned Python packages. */
export function requirements(name: string): string {
  return `${projectRoot}tools/setup/requirements/${name}.txt`;
}

/**
 * Pythons that could make the environment: `SERA_PYTHON`, else those on the search path. Not the
 * environment's own, which comes first where it is activated: it would be removed before it is run.
 */
export function pythonCandidates(): string[] {
  const named = Deno.env.get("SERA_PYTHON");
  const names = named ? [named] : ["python3", ...minors.map((m) => `python3.${m}`), "python"];
  return names.map((name) => whichOutside(venv, name)).filter((path) => path !== undefined);
}

const minors = [13, 12, 11, 10, 14];

/** Waits for the lock that an earlier, killed set-up's pip may still hold, then becomes pip. */
const lockedPip = `
import runpy, sys
lock = open(sys.argv.pop(1), "w")
try:
    import fcntl
    fcntl.flock(lock, fcntl.LOCK_EX)
except ImportError:
    pass
sys.argv[0] = "pip"
runpy.run_module("pip", run_name="__main__")
`;

/** Runs `pip install` of the environment with time-outs, retries and its progress shown. */
export async function pipInstall(...args: string[]): Promise<void> {
  const timeout = Deno.env.get("PIP_DEFAULT_TIMEOUT") === undefined ? ["--timeout", "60"] : [];
  const scratch = `${projectRoot}.cache/tmp`;
  Deno.mkdirSync(scratch, { recursive: true });
  await run(venvCommand("python"), [
    "-c",
    lockedPip,
    `${scratch}/pip.lock`,
    "install",
    "--retries=5",
    "--no-input",
    "--no-compile",
    "--disable-pip-version-check",
    ...timeout,
    ...args,
  ], { env: { TMPDIR: scratch } });
}

/** Makes `.venv`, empty. A half-made one is thrown away first. */
export const environmentStep: Step = {
  id: "venv",
  title: "Python environment (.venv)",
  // Which Pythons there are matters until it is made: a later one on the path, or another
  // SERA_PYTHON, is no reason to lose it and what was installed into it.
  key: () => {
    const made = isFile(venvCommand("python"));
    return hashOf(...(made ? ["made"] : pythonCandidates()), projectRoot);
  },
  outputs: () => [venvCommand("python")],
  async run() {
    await makeEnvironment(usablePython());
  },
};

function usablePython(): string {
  const advice = "install Python 3.10 or newer with venv (apt install python3 python3-venv; " +
    "brew install python), then `deno task setup`; or name one with SERA_PYTHON";
  const check = "import sys, venv, ensurepip; print(sys.version_info >= (3, 10))";
  const candidates = pythonCandidates();
  const answers = candidates.map((python) => capture(python, ["-c", check]));
  const usable = candidates[answers.indexOf("True")];
  if (usable !== undefined) return usable;
  if (candidates.length === 0) throw new Unavailable("no Python found", advice);
  const faults = candidates.map((python, i) =>
    `${python} is ${answers[i] === "False" ? "older than 3.10" : "without venv or ensurepip"}`
  );
  throw new Unavailable(faults.join(", "), advice);
}

/** `.venv` was made by this process and holds nothing yet. */
let fresh = false;

async function makeEnvironment(python: string): Promise<void> {
  removeIfThere(venv);
  await run(python, ["-m", "venv", venv]);
  fresh = true;
}

/** JupyterLab, nbconvert and papermill. */
export const jupyterStep: Step = {
  id: "jupyter",
  title: "JupyterLab, nbconvert, papermill",
  key: () =>
    hashOf(
      environmentStep.key(),
      `file:${requirements("jupyter")}`,
      `file:${requirements("jupyter-constraints")}`,
    ),
  outputs: () => [venvCommand("jupyter-lab"), venvCommand("jupyter-nbconvert")],
  async run() {
    needEnvironment();
    // A killed pip leaves half-installed packages that it would take for whole ones: begin anew.
    if (!fresh) await makeEnvironment(usablePython());
    fresh = false;
    await pipInstall(
      "-q",
      "-r",
      requirements("jupyter"),
      "-c",
      requirements("jupyter-constraints"),
    );
  },
};

/** @throws Unavailable if `.venv` could not be made. */
export function needEnvironment(): void {
  if (readStamp("venv")?.outcome !== "done") {
    throw new Unavailable("needs the Python environment", readStamp("venv")?.hint ?? "");
  }
}
