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

function plan(device: Device, model: boolean): Step[] {
  return [
    npmPackagesStep,
    environmentStep,
    ...(nativeSource === "wheel" ? [libtensorflowStep(device)] : []),
    bindingStep(device),
    nativeOpsStep(device),
    jupyterStep,
    kernelSpecStep,
    ...(model ? [testModelStep] : []),
  ];
}

async function runAll(steps: Step[], retry: boolean): Promise<void> {
  const started = performance.now();
  for (const [index, step] of steps.entries()) {
    if (isSettled(step, retry)) continue;
    say(`set-up ${index + 1}/${steps.length}: ${step.title} ...`);
    const before = performance.now();
    const stamp = await runStep(step, say);
    const seconds = ((performance.now() - before) / 1000).toFixed(1);
    if (stamp.outcome === "done") say(`set-up ${index + 1}/${steps.length}: done in ${seconds} s`);
    else say(`set-up ${index + 1}/${steps.length}: skipped, ${stamp.message}: ${stamp.hint}`);
  }
  if (readStamp(steps.find((step) => step.id.startsWith("binding"))!.id)?.outcome !== "done") {
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
  const steps = plan(device, values.model);
  const retry = !values["if-needed"];
  if (steps.every((step) => isSettled(step, retry))) {
    if (retry) say("set-up: nothing to do");
    return;
  }
  await Deno.mkdir(`${projectRoot}.cache/setup`, { recursive: true });
  using lock = await Deno.open(`${projectRoot}.cache/setup/lock`, { create: true, write: true });
  await lock.lock(true);
  await runAll(steps, retry);
}

try {
  await main(Deno.args);
} catch (error) {
  say(`set-up failed: ${messageOf(error)}`);
  Deno.exit(1);
}
