/** What doctor looks at. */
import nodeFs from "node:fs";
import { projectRoot } from "../../lib/engine/layout.ts";
import { engine, loadEngine } from "../../lib/engine/tensorflow.ts";
import { messageOf } from "../../lib/errors.ts";
import { kernelSpecPath } from "../setup/kernel_spec.ts";
import { nativeOpsStepId } from "../setup/native.ts";
import { compiler, compilerHint, nvidiaDriver } from "../setup/platform.ts";
import { capture } from "../setup/process.ts";
import { pythonCandidates, venvCommand } from "../setup/python.ts";
import { readStamp } from "../setup/step.ts";
import { testModelPath } from "../setup/test_model.ts";
import type { Finding } from "./report.ts";

const GiB = 2 ** 30;

/** Versions of the tools around the suite. */
export function toolFindings(): Finding[] {
  const command = compiler();
  const [python] = pythonCandidates();
  return [
    { label: "deno", value: `${Deno.version.deno} (${Deno.build.target})` },
    python === undefined
      ? { label: "python", value: "not found", hint: readStamp("venv")?.hint ?? "install Python 3" }
      : { label: "python", value: `${capture(python, ["--version"]) ?? "broken"} (${python})` },
    command === undefined
      ? { label: "compiler", value: "not found", hint: compilerHint }
      : { label: "compiler", value: capture(command, ["--version"])?.split("\n")[0] ?? "broken" },
  ];
}

/** The backend, why it was chosen, and how fast it multiplies. */
export async function engineFindings(): Promise<Finding[]> {
  try {
    await loadEngine();
  } catch (error) {
    return [{
      label: "backend",
      value: messageOf(error),
      hint: "run `deno task setup`; TF_CPP_MIN_LOG_LEVEL=0 shows what libtensorflow says",
      fatal: true,
    }];
  }
  const { info } = engine();
  const slow = info.backend === "wasm";
  const opsStamp = readStamp(nativeOpsStepId());
  return [
    {
      label: "backend",
      value: `${info.backend} on ${info.device}: ${info.reason}`,
      ...(slow ? { hint: `10 to 30 times slower; ${nativeHint()}` } : {}),
    },
    { label: "package", value: `${info.package} ${engine().tf.version_core}` },
    { label: slow ? "tfjs" : "libtensorflow", value: info.tensorflowVersion },
    { label: "threads", value: `${info.threads} of ${navigator.hardwareConcurrency} cores` },
    { label: "oneDNN", value: info.oneDnn ? "on" : slow ? "no (wasm)" : "off" },
    {
      label: "fused ops",
      value: info.nativeOps ? "registered" : "not loaded",
      ...(info.nativeOps || slow ? {} : {
        hint: opsStamp === undefined
          ? "not built for this kind of processor: run `deno task setup` here"
          : opsStamp.message ?? "SERA_NATIVE_OPS must not be 0; else run `deno task setup`",
      }),
    },
    { label: "speed", value: `${gemmGflops().toFixed(0)} GFLOPS (float32 matrix product, 1024^3)` },
  ];
}

/** Whether an NVIDIA GPU is here and used; call after `engineFindings`, which loads the engine. */
export function gpuFinding(): Finding {
  if (!nvidiaDriver()) return { label: "GPU", value: "no NVIDIA driver found" };
  const value = capture("nvidia-smi", ["--query-gpu=name,memory.total", "--format=csv,noheader"]) ??
    "NVIDIA driver found";
  const line = value.replaceAll("\n", "; ");
  if (gpuInUse()) return { label: "GPU", value: line };
  const stamps = [readStamp("libtensorflow-gpu"), readStamp("binding-gpu")];
  const failed = stamps.find((stamp) => stamp?.outcome === "unavailable");
  return {
    label: "GPU",
    value: `${line}, not used`,
    hint: failed !== undefined
      ? `${failed.message}: ${failed.hint || "`deno task setup --gpu`"}`
      : stamps.every((stamp) => stamp?.outcome === "done")
      ? "`deno task doctor` with TF_CPP_MIN_LOG_LEVEL=0 shows why libtensorflow leaves it out"
      : "`deno task setup --gpu`",
  };
}

/** Jupyter and its Deno kernel: needed by the notebooks, not by `align`. */
export function jupyterFindings(): Finding[] {
  const version = capture(venvCommand("python"), [
    "-c",
    "import importlib.metadata; print(importlib.metadata.version('jupyterlab'))",
  ]);
  const argv = kernelArgv();
  return [
    version === undefined
      ? {
        label: "jupyterlab",
        value: readStamp("jupyter")?.message ?? "not installed",
        hint: readStamp("jupyter")?.hint ?? "run `deno task setup`",
      }
      : { label: "jupyterlab", value: version },
    argv === undefined
      ? { label: "Deno kernel", value: "no kernel spec", hint: "run `deno task setup`" }
      : { label: "Deno kernel", value: argv },
  ];
}

/** Free memory and disk, and whether the example model is here. */
export function spaceFindings(): Finding[] {
  const memory = Deno.systemMemoryInfo().available / GiB;
  const { bavail, bsize } = nodeFs.statfsSync(projectRoot);
  const disk = bavail * bsize / GiB;
  const model = statSize(testModelPath);
  return [
    {
      label: "free memory",
      value: `${memory.toFixed(1)} GiB`,
      ...(memory < 4 ? { hint: "SmolLM2-135M with LoRA needs about 4 GiB: close something" } : {}),
      fatal: memory < 0.5,
    },
    {
      label: "free disk",
      value: `${disk.toFixed(1)} GiB`,
      ...(disk < 2 ? { hint: "set-up needs 2 GiB, a run up to 1 GiB: make room" } : {}),
      fatal: disk < 0.1,
    },
    {
      label: "example model",
      value: model === undefined
        ? "not downloaded (93 MB): `deno task setup --model`"
        : `SmolLM2-135M-Instruct, ${(model / 2 ** 20).toFixed(0)} MiB`,
    },
  ];
}

/** Whether the loaded engine computes on the GPU. */
function gpuInUse(): boolean {
  try {
    return engine().info.device === "gpu";
  } catch {
    return false;
  }
}

/** Best rate over about one second; 2 n^3 operations a product. */
function gemmGflops(): number {
  const { tf } = engine();
  const n = 1024;
  const x = tf.randomNormal([n, n], 0, 1, "float32", 1);
  const product = () => {
    const before = performance.now();
    const y = tf.matMul(x, x);
    y.dataSync();
    y.dispose();
    return performance.now() - before;
  };
  product();
  const start = performance.now();
  let best = Infinity;
  while (performance.now() - start < 1000) best = Math.min(best, product());
  x.dispose();
  return 2 * n ** 3 / best / 1e6;
}

/** What kept set-up from building the native backend. */
function nativeHint(): string {
  for (const id of ["venv", "libtensorflow-cpu", "binding-cpu"]) {
    const stamp = readStamp(id);
    if (stamp?.outcome === "unavailable") return `${stamp.message}: ${stamp.hint}`;
  }
  return "run `deno task setup` for libtensorflow";
}

function kernelArgv(): string | undefined {
  try {
    return (JSON.parse(Deno.readTextFileSync(kernelSpecPath)) as { argv: string[] }).argv.join(" ");
  } catch {
    return undefined;
  }
}

function statSize(path: string): number | undefined {
  try {
    return Deno.statSync(path).size;
  } catch {
    return undefined;
  }
}
