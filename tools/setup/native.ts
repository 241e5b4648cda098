/** libtensorflow, the binding of tfjs-node against it, and our fused ops. */
import {
  bindingPath,
  nativeOpsPath,
  type NodePackage,
  projectRoot,
} from "../../lib/engine/layout.ts";
import { processorId } from "../../lib/engine/processor.ts";
import { compiler, compilerHint, nativeSource } from "./platform.ts";
import { capture, run } from "./process.ts";
import { needEnvironment, pipInstall, requirements } from "./python.ts";
import { hashOf, readStamp, removeIfThere, type Step, Unavailable, writeWhole } from "./step.ts";

/** Processor or NVIDIA GPU. */
export type Device = "cpu" | "gpu";

const packages = {
  cpu: "@tensorflow/tfjs-node",
  gpu: "@tensorflow/tfjs-node-gpu",
} as const satisfies Record<Device, NodePackage>;

const libraries = Deno.build.os === "darwin"
  ? ["libtensorflow_cc.2.dylib", "libtensorflow_framework.2.dylib"]
  : ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"];

/** The folder that holds `libtensorflow_cc` and `include/`. */
export function libtensorflowFolder(device: Device): string {
  return `${projectRoot}.cache/libtensorflow-${device}/tensorflow`;
}

/** Downloads the wheel that carries libtensorflow. */
export function libtensorflowStep(device: Device): Step {
  const file = requirements(device === "gpu" ? "libtensorflow-gpu" : "libtensorflow");
  const folder = `${projectRoot}.cache/libtensorflow-${device}`;
  return {
    id: `libtensorflow-${device}`,
    title: device === "gpu"
      ? "libtensorflow with CUDA (about 3.5 GB)"
      : "libtensorflow (about 280 MB)",
    key: () => hashOf(`file:${file}`, readStamp("venv")?.outcome ?? "none"),
    outputs: () => libraries.map((name) => `${folder}/tensorflow/${name}`),
    async run() {
      needEnvironment();
      removeIfThere(folder);
      await pipInstall(
        ...(device === "gpu" ? [] : ["--no-deps"]),
        "--only-binary=:all:",
        "--python-version=3.12",
        `--target=${folder}`,
        "-r",
        file,
      );
    },
  };
}

/** Compiles the native binding of tfjs-node, or takes the package's own prebuilt one. */
export function bindingStep(device: Device): Step {
  const name = packages[device];
  const folder = `${projectRoot}node_modules/${name}`;
  const output = bindingPath(name);
  return {
    id: `binding-${device}`,
    title: nativeSource === "wheel"
      ? `native binding of ${name}`
      : `native binding of ${name} (its own download)`,
    key: () => hashOf(nativeKey(device), ...hashed(`${folder}/binding`)),
    outputs: () => [output],
    async run() {
      if (nativeSource === "prebuilt") {
        await run(Deno.execPath(), ["install", `--allow-scripts=npm:${name}`], {
          cwd: projectRoot,
        });
        return;
      }
      await compile(device, output, [
        "-O2",
        "-DNAPI_VERSION=8",
        `-I${folder}/binding`,
        `-I${projectRoot}node_modules/node-api-headers/include`,
        ...(Deno.build.os === "darwin" ? ["-undefined", "dynamic_lookup"] : []),
        ...files(`${folder}/binding`, /\.cc$/),
      ]);
    },
  };
}

const opsFolder = `${projectRoot}lib/engine/native`;
const sources = () => files(opsFolder, /\.cc$/);

/** The stamp of the fused ops: one per kind of processor, as machines may share the folder. */
export function nativeOpsStepId(): string {
  return `native-ops-${processorId() ?? "unknown"}`;
}

/** Compiles `lib/engine/native/*.cc` for this processor. */
export function nativeOpsStep(device: Device): Step {
  const output = nativeOpsPath();
  return {
    id: nativeOpsStepId(),
    title: "fused TensorFlow ops (half a minute)",
    key: () => hashOf(nativeKey(device), ...hashed(opsFolder)),
    outputs: () => output === undefined || sources().length === 0 ? [] : [output],
    async run() {
      if (nativeSource === "prebuilt") {
        throw new Unavailable(
          "needs libtensorflow from a wheel",
          "ordinary kernels do the same work",
        );
      }
      if (output === undefined) {
        throw new Unavailable(
          "needs `sed` and /proc/cpuinfo, to know the processor",
          "ordinary kernels do the same work",
        );
      }
      if (sources().length === 0) return;
      // One translation unit: TensorFlow's headers take 8 seconds to read.
      const unit = `${projectRoot}.cache/native/sera_ops.cc`;
      writeWhole(unit, sources().map((path) => `#include "${path}"\n`).join(""));
      await compile(device, output, [
        "-O3",
        Deno.build.arch === "x86_64" ? "-march=native" : "-mcpu=native",
        // TensorFlow's Eigen does not compile for processors that have it (Sapphire Rapids on).
        "-U__AVX512FP16__",
        "-fno-math-errno",
        "-fno-trapping-math",
        `-I${opsFolder}`,
        unit,
      ]);
    },
  };
}

/** Version of libtensorflow and of the compiler. */
function nativeKey(device: Device): string {
  const command = compiler();
  return hashOf(
    libtensorflowStep(device).key(),
    readStamp(`libtensorflow-${device}`)?.outcome ?? "none",
    command === undefined ? "none" : capture(command, ["--version"]) ?? "broken",
    projectRoot,
  );
}

async function compile(device: Device, output: string, args: string[]): Promise<void> {
  const base = readStamp(`libtensorflow-${device}`);
  if (base?.outcome !== "done") throw new Unavailable("needs libtensorflow", base?.hint ?? "");
  const command = compiler();
  if (command === undefined) throw new Unavailable("no C++ compiler found", compilerHint);
  const tensorflow = libtensorflowFolder(device);
  await Deno.mkdir(output.slice(0, output.lastIndexOf("/")), { recursive: true });
  const partial = `${output}.${Deno.pid}.tmp`;
  await run(command, [
    "-std=c++17",
    "-fPIC",
    "-shared",
    "-w",
    ...args,
    `-I${tensorflow}/include`,
    "-o",
    partial,
    ...libraries.map((name) => `${tensorflow}/${name}`),
    `-Wl,-rpath,${tensorflow}`,
  ]);
  await Deno.rename(partial, output);
}

/** `file:` parts for a hash: the C++ sources of a folder. */
function hashed(folder: string): string[] {
  return files(folder, /\.(cc|h)$/).map((path) => `file:${path}`);
}

function files(folder: string, pattern: RegExp): string[] {
  try {
    return [...Deno.readDirSync(folder)].map((entry) => entry.name)
      .filter((name) => pattern.test(name)).sort().map((name) => `${folder}/${name}`);
  } catch {
    return [];
  }
}
