/** The suite's worker: commands on stdin, answers on stdout (see `../protocol.ts`). */
import { engine, loadEngine } from "../../../lib/engine/tensorflow.ts";
import { peakRssBytes } from "../../../lib/storage/machine.ts";
import type { Command, Inputs } from "../protocol.ts";
import { ANSWER } from "../worker.ts";
import { createGeneration } from "./generation.ts";
import { createIteration } from "./iteration.ts";
import { createScoring } from "./scoring.ts";
import { createStep } from "./step.ts";
import type { Task } from "./task.ts";

const CREATE = {
  step: createStep,
  score: createScoring,
  generate: createGeneration,
  iteration: createIteration,
} as const;

/** The task that an input file describes. */
export async function loadTask(path: string): Promise<Task> {
  const inputs = JSON.parse(await Deno.readTextFile(path)) as Inputs;
  return await CREATE[inputs.work.kind](inputs);
}

async function answer(command: Command, state: { task?: Task }): Promise<unknown> {
  switch (command.do) {
    case "load": {
      await loadEngine();
      state.task = await loadTask(command.inputs);
      const { info } = engine();
      return {
        versions: {
          backend: `${info.backend}${info.nativeOps ? " with fused ops" : ""}`,
          libtensorflow: info.tensorflowVersion,
        },
      };
    }
    case "check":
      return { values: await state.task?.check() };
    case "run":
      return await state.task?.run();
    case "peak":
      return { bytes: peakRssBytes() };
  }
}

if (import.meta.main) {
  const state: { task?: Task } = {};
  let rest = "";
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      console.log(ANSWER + JSON.stringify(await answer(JSON.parse(line) as Command, state)));
    }
  }
  Deno.exit(0);
}
