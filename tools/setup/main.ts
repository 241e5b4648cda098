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

/** Stages one after another; the steps of a stage run side by side. */
function plan(device: Device, model: boolean): Step[][] {
  return [
    [npmPackagesStep],
    [environmentStep],
    nativeSource === "wheel" ? [libtensorflowStep(device)] : [],
    [bindingStep(device), nativeOpsStep(device), jupyterStep],
    [kernelSpecStep, ...(model ? [testModelStep] : [])],
  ];
}

async function runStages(stages: Step[][], retry: boolean): Promise<void> {
  const started = performance.now();
  const steps = stages.flat();
  const hints = new Set<string | undefined>();
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
      say(`${label}: skipped, ${stamp.message}${hint}`);
    }
  };
  for (const stage of stages) await Promise.all(stage.map(runOne));
  const binding = steps.find((step) => step.id.startsWith("binding"));
  if (binding !== undefined && readStamp(binding.id)?.outcome !== "done") {
    say("set-up: going on with the wasm backend: same results, 10 to 30 times slower");
  }
  say(`set-up: finished in ${((performance.now() - started) / 1000).toFixed(0)} s`);
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
}

try {
  await main(Deno.args);
} catch (error) {
  say(`set-up failed: ${messageOf(error)}`);
  Deno.exit(1);
}
