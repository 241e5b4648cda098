/**
 * Set-up: everything the suite needs beyond Deno itself. Safe to interrupt and to run again; does
 * nothing when nothing is missing.
 *
 * deno task setup [--gpu | --cpu] [--model]
 */
import { parseArgs } from "node:util";
import { projectRoot } from "../../lib/engine/layout.ts";
import { messageOf } from "../../lib/errors.ts";
import { kernelSpecStep } from "./kernel_spec.ts";
import { bindingStep, type Device, libtensorflowStep, nativeOpsStep } from "./native.ts";
import { npmPackagesStep } from "./npm_packages.ts";
import { nativeSource, nvidiaDriver } from "./platform.ts";
import { environmentStep, jupyterStep } from "./python.ts";
import { isSettled, readStamp, runStep, type Step, writeWhole } from "./step.ts";
import { testModelStep } from "./test_model.ts";

const choicePath = `${projectRoot}.cache/setup/device.txt`;
const say = (line: string) => console.error(line);

/** `--gpu` or `--cpu` said now, else said before, else by what is here. */
function chooseDevice(said: Device | undefined): Device {
  if (said !== undefined) {
    writeWhole(choicePath, said);
    return said;
  }
  try {
    return Deno.readTextFileSync(choicePath) === "gpu" ? "gpu" : "cpu";
  } catch {
    return Deno.build.os === "linux" && nvidiaDriver() ? "gpu" : "cpu";
  }
}

/** Whether the GPU's binding was tried and could not be made. */
const gpuFailed = () => readStamp("binding-gpu")?.outcome === "unavailable";

/**
 * Stages one after another; the steps of a stage run side by side. A GPU that was tried in vain
 * gives way to the processor, not to wasm.
 */
function plan(device: Device, model: boolean): Step[][] {
  const givesWay = device === "gpu" && gpuFailed();
  const used = givesWay ? "cpu" : device;
  const library = (of: Device) => nativeSource === "wheel" ? [libtensorflowStep(of)] : [];
  return [
    [npmPackagesStep],
    [environmentStep],
    ...(givesWay ? [library("gpu"), [bindingStep("gpu")]] : []),
    library(used),
    [bindingStep(used), nativeOpsStep(used), jupyterStep],
    [kernelSpecStep, ...(model ? [testModelStep] : [])],
  ];
}

async function runStages(stages: Step[][], retry: boolean): Promise<void> {
  const started = performance.now();
  const steps = stages.flat();
  const hints = new Set<string | undefined>();
  const skipped: string[] = [];
  const runOne = async (step: Step) => {
    if (isSettled(step, retry)) return;
    const label = `set-up ${steps.indexOf(step) + 1}/${steps.length}: ${step.title}`;
    say(`${label} ...`);
    const before = performance.now();
    const stamp = await runStep(step, say);
    const seconds = ((performance.now() - before) / 1000).toFixed(1);
    if (stamp.outcome === "done") say(`${label}: done in ${seconds} s`);
    else {
      const hint = hints.has(stamp.hint) ? "" : `: ${stamp.hint}`;
      hints.add(stamp.hint);
      skipped.push(step.title);
      say(`${label}: skipped, ${stamp.message}${hint}`);
    }
  };
  for (const stage of stages) await Promise.all(stage.map(runOne));
  say(
    `set-up: finished in ${((performance.now() - started) / 1000).toFixed(0)} s` +
      (skipped.length > 0 ? `, without ${skipped.join("; ")}: see above why` : ""),
  );
}

async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      gpu: { type: "boolean", default: false },
      cpu: { type: "boolean", default: false },
      model: { type: "boolean", default: false },
      "if-needed": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(
      "deno task setup [--gpu | --cpu] [--model]\n\n" +
        "  --gpu    use libtensorflow with CUDA (the default where an NVIDIA driver is found)\n" +
        "  --cpu    do not\n" +
        "  --model  also bring SmolLM2-135M-Instruct, the model of the tests and examples",
    );
    return;
  }
  if (values.gpu && values.cpu) throw new Error("--gpu and --cpu exclude each other");
  const device = chooseDevice(values.gpu ? "gpu" : values.cpu ? "cpu" : undefined);
  const stages = plan(device, values.model);
  const retry = !values["if-needed"];
  if (stages.flat().every((step) => isSettled(step, retry))) {
    if (retry) say("set-up: nothing to do");
    return;
  }
  await Deno.mkdir(`${projectRoot}.cache/setup`, { recursive: true });
  using lock = await Deno.open(`${projectRoot}.cache/setup/lock`, { create: true, write: true });
  // Another set-up that runs now does the work; its stamps are read afterwards.
  await lock.lock(true);
  await runStages(stages, retry);
  if (device === "gpu" && gpuFailed()) await runStages(plan(device, values.model), false);
  if (!["binding-gpu", "binding-cpu"].some((id) => readStamp(id)?.outcome === "done")) {
    say("set-up: going on with the wasm backend: same results, 10 to 30 times slower");
  }
}

try {
  await main(Deno.args);
} catch (error) {
  say(`set-up failed: ${messageOf(error)}`);
  Deno.exit(1);
}
