/** The parity checks, in the order they run. */
import { compareFolders } from "./compare_values.ts";
import type { ParityContext } from "./context.ts";
import { copyFolder } from "./files.ts";
import { type Reference, REFERENCES } from "./references.ts";

/** One check. */
export interface Check {
  readonly id: string;
  readonly title: string;
  /** Prints what it found; false if something does not agree. */
  run(context: ParityContext, write: boolean): Promise<boolean>;
}

function regenerate(reference: Reference): Check {
  return {
    id: reference.id,
    title: reference.title,
    async run(context, write) {
      // Written apart, so that the comparison sees this script's files only.
      const out = `${context.freshFolder}-${reference.id}`;
      await Deno.remove(out, { recursive: true }).catch(() => {});
      const model = reference.needsModel ? ["--gguf", await context.model()] : [];
      if (!await context.runScript(reference.script, ["--out", out, ...model])) return false;
      let good = true;
      for (const { name, largest, mismatch } of compareFolders(reference.committed, out)) {
        const agrees = largest <= reference.tolerance;
        good &&= agrees;
        const found = mismatch ?? `largest difference ${largest.toExponential(1)}`;
        console.log(`  ${agrees ? "same" : "DIFFERS"} ${name}: ${found}`);
      }
      if (write) copyFolder(out, reference.committed);
      copyFolder(out, context.freshFolder);
      await Deno.remove(out, { recursive: true });
      return good || write;
    },
  };
}

/** Runs the suite to write something, then a Python script that reads it. */
function readBack(
  id: string,
  title: string,
  script: string,
  args: (folder: string, model: () => Promise<string>) => Promise<string[]>,
): Check {
  return {
    id,
    title,
    async run(context) {
      const folder = `${context.suiteFolder}/${id}`;
      const model = () => context.model();
      const more = await args(folder, model);
      const writer = ["run", "-A", "--quiet", "tools/parity/write_for_python.ts", id, folder];
      if (!await context.runDeno(writer)) return false;
      return await context.runScript(script, more);
    },
  };
}

/** Every check of `deno task parity`. */
export const CHECKS: readonly Check[] = [
  ...REFERENCES.map(regenerate),
  {
    id: "trl-trainer",
    title: "TRL's DPOTrainer takes the same steps as the reference loop",
    run: (context) => context.runScript("trl_check.py", []),
  },
  {
    id: "align-with-trl",
    title: "align --trainer with TRL selects what the built-in loop selects (minutes)",
    async run(context) {
      const folder = `${context.suiteFolder}/align-with-trl`;
      await Deno.mkdir(folder, { recursive: true });
      const script = ["run", "-A", "--quiet", "tools/parity/align_with_trl.ts"];
      return await context.runDeno([...script, context.python, folder]);
    },
  },
  {
    id: "suite",
    title: "the suite against the fresh values (those not made in this run: committed)",
    run: (context) => context.runDeno(["test", "-A", "--quiet", "tests/parity"]),
  },
  readBack(
    "adapter",
    "PEFT loads an adapter that the suite trained",
    "reload_check.py",
    (folder) =>
      Promise.resolve([
        ...["--model", `${folder}/model`, "--adapter", `${folder}/adapter`],
        ...["--sequences", `${folder}/sequences.json`],
      ]),
  ),
  readBack(
    "architecture-adapters",
    "transformers and PEFT load a model and an adapter of each architecture",
    "architecture_adapters_check.py",
    (folder) => Promise.resolve(["--folder", folder]),
  ),
  readBack(
    "saved-model",
    "transformers loads a model that the suite trained",
    "reload_check.py",
    (folder) =>
      Promise.resolve(["--model", `${folder}/model`, "--sequences", `${folder}/sequences.json`]),
  ),
  readBack(
    "generated-pairs",
    "TRL loads the pairs that SeRA generated with SmolLM2",
    "generated_pairs_check.py",
    async (folder, model) => ["--data", `${folder}/pairs.jsonl`, "--model", await model()],
  ),
];
