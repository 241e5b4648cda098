/** What every parity check gets: the Python, the folders, the model. */
import { projectRoot } from "../../lib/engine/layout.ts";
import { UserError } from "../../lib/errors.ts";
import { isFile, run } from "../setup/process.ts";
import { testModelPath } from "../setup/test_model.ts";
import { copyFile, filesUnder } from "./files.ts";
import { parityFolder, parityPython, scriptFolder } from "./environment.ts";

const committedFolder = `${projectRoot}tests/parity`;

/** The folders and programs of one parity run. */
export interface ParityContext {
  readonly python: string;
  /** Reference values: fresh where this run made them, else as committed. */
  readonly freshFolder: string;
  /** What the suite wrote for Python to read. */
  readonly suiteFolder: string;
  /** Runs a script of `tools/parity`; its warnings are shown only if it fails. */
  runScript(script: string, args: readonly string[]): Promise<boolean>;
  /** Runs `deno` with these arguments; true if it succeeded. */
  runDeno(args: readonly string[]): Promise<boolean>;
  /** SmolLM2's GGUF file, fetched on first use. */
  model(): Promise<string>;
}

/**
 * Empties the run's folders and finds or makes the Python environment.
 * @throws UserError without a usable Python.
 */
export async function createContext(): Promise<ParityContext> {
  const python = await parityPython();
  const freshFolder = `${parityFolder}values`;
  const suiteFolder = `${parityFolder}suite`;
  for (const folder of [freshFolder, suiteFolder]) {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
    await Deno.mkdir(folder, { recursive: true });
  }
  // What this run does not regenerate is checked as committed.
  for (const name of filesUnder(committedFolder)) {
    if (/\.(json|safetensors)$/.test(name)) {
      copyFile(`${committedFolder}/${name}`, `${freshFolder}/${name}`);
    }
  }
  const env = {
    PYTHONWARNINGS: "ignore",
    PYTHONDONTWRITEBYTECODE: "1",
    SERA_PARITY_VALUES: freshFolder,
  };
  return {
    python,
    freshFolder,
    suiteFolder,
    async runScript(script, args) {
      const child = new Deno.Command(python, {
        args: [`${scriptFolder}${script}`, ...args],
        env,
        stdin: "null",
        stdout: "inherit",
        stderr: "piped",
      });
      const { success, stderr } = await child.spawn().output();
      if (!success) await Deno.stderr.write(stderr);
      return success;
    },
    async runDeno(args) {
      const child = new Deno.Command(Deno.execPath(), {
        args: [...args],
        cwd: projectRoot,
        env,
        stdin: "null",
      });
      return (await child.spawn().status).success;
    },
    async model() {
      const path = testModel();
      if (!isFile(path)) {
        await run(Deno.execPath(), ["task", "setup", "--model"], { cwd: projectRoot });
      }
      if (isFile(path)) return path;
      throw new UserError(
        `no ${path}: \`deno task setup --model\` fetches it, or name it in ` +
          `SERA_SMOLLM2`,
      );
    },
  };
}

/** Where SmolLM2's GGUF file is, there or not: `SERA_SMOLLM2` or set-up's. */
export function testModel(): string {
  return Deno.env.get("SERA_SMOLLM2") || testModelPath;
}
