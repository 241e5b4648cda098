/**
 * The only module that imports TensorFlow.js and the only one that chooses a backend.
 *
 * - `tensorflow`: `@tensorflow/tfjs-node` (or `-gpu`) on libtensorflow, as set-up built it;
 * - `wasm`: `@tensorflow/tfjs-backend-wasm`, correct and 10 to 30 times slower.
 *
 * `SERA_BACKEND=tensorflow|wasm` overrides the choice, `SERA_THREADS=n` the number of threads of one
 * op, `SERA_NATIVE_OPS=0` leaves our fused ops out.
 */
import nodeUtil from "node:util";
import type * as tfjs from "@tensorflow/tfjs-core";
import { messageOf, UserError } from "../errors.ts";
import { gpuVisible } from "./devices.ts";
import { bindingPath, nativeOpsPath, type NodePackage, projectRoot } from "./layout.ts";
import { withoutNativeLog } from "./quiet.ts";

export type {
  DataType,
  NamedTensorMap,
  Rank,
  Scalar,
  Tensor,
  Tensor1D,
  Tensor2D,
  Tensor3D,
  Tensor4D,
  TypedArray,
  Variable,
} from "@tensorflow/tfjs-core";

/** The namespace of TensorFlow.js core: tensors, ops, gradients, optimisers. */
export type TensorFlow = typeof tfjs;

/** What runs the tensors, and why. */
export interface EngineInfo {
  /** libtensorflow, or WebAssembly. */
  readonly backend: "tensorflow" | "wasm";
  /** The npm package that executes the kernels. */
  readonly package: string;
  /** Version of libtensorflow, or of TensorFlow.js on wasm. */
  readonly tensorflowVersion: string;
  /** Why this backend was chosen, one line. */
  readonly reason: string;
  /** Where tensors live. */
  readonly device: "cpu" | "gpu";
  /** Threads one op may use. */
  readonly threads: number;
  /** oneDNN kernels are on: three times faster on small batched matrix products. */
  readonly oneDnn: boolean;
  /** The fused ops of `lib/engine/native` are registered. */
  readonly nativeOps: boolean;
}

/** One attribute of a TensorFlow op; `type` is one of `RawKernels.attr`. */
export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: boolean | number | string | number[];
}

/** TensorFlow ops called by name: no gradient, no shape check of our own. */
export interface RawKernels {
  /** Runs one op. Outputs belong to the enclosing `tf.tidy`, like those of any other op. */
  execute(
    opName: string,
    attributes: OpAttribute[],
    inputs: tfjs.Tensor[],
    numOutputs: number,
  ): tfjs.Tensor[];
  /** Values of TF_DataType, for attributes of kind `type`. */
  readonly dtype: { readonly float32: number; readonly int32: number; readonly bool: number };
  /** Values of TF_AttrType. */
  readonly attr: {
    readonly int: number;
    readonly float: number;
    readonly bool: number;
    readonly type: number;
    readonly string: number;
    readonly shape: number;
  };
}

/** A loaded engine. */
export interface Engine {
  /** The namespace of TensorFlow.js. */
  readonly tf: TensorFlow;
  /** What was chosen, and why. */
  readonly info: EngineInfo;
  /** @internal `undefined` on wasm. */
  readonly raw: RawKernels | undefined;
}

/** The part of tfjs-node's backend that we use; its own types name a class that core lacks. */
interface NodeBackend {
  readonly binding: Record<string, number> & { readonly TF_Version: string };
  readonly isUsingGpuDevice: boolean;
  executeMultipleOutputs(
    name: string,
    attributes: OpAttribute[],
    inputs: tfjs.Tensor[],
    numOutputs: number,
  ): tfjs.Tensor[];
}

let loading: Promise<Engine> | undefined;
let loaded: Engine | undefined;

/**
 * Loads TensorFlow.js once; later calls return the same engine.
 * @throws UserError if `SERA_BACKEND` names no backend, or one that cannot be loaded.
 */
export function loadEngine(): Promise<Engine> {
  loading ??= choose().then((engine) => loaded = engine);
  return loading;
}

/** The loaded engine. @throws Error if `loadEngine` has not finished. */
export function engine(): Engine {
  if (loaded === undefined) throw new Error("engine() called before `await loadEngine()`");
  return loaded;
}

async function choose(): Promise<Engine> {
  const wanted = Deno.env.get("SERA_BACKEND") || undefined;
  if (wanted === "wasm") return await loadWasm("SERA_BACKEND=wasm");
  if (wanted !== undefined && wanted !== "tensorflow") {
    throw new UserError(`SERA_BACKEND=${wanted} is no backend: use tensorflow or wasm`);
  }
  const failures: string[] = [];
  for (const name of ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"] as const) {
    if (!exists(bindingPath(name))) continue;
    const gpu = name === "@tensorflow/tfjs-node-gpu";
    // Without a GPU its package computes on the processor, too: better than wasm.
    if (gpu && !gpuVisible() && exists(bindingPath("@tensorflow/tfjs-node"))) {
      failures.push(`${name}: no GPU visible`);
      continue;
    }
    try {
      return await loadNode(
        name,
        [wanted ? "SERA_BACKEND=tensorflow" : "native binding found", ...failures].join("; "),
      );
    } catch (error) {
      failures.push(`${name}: ${messageOf(error)}`);
    }
  }
  const reason = failures.join("; ") || "no native binding (see `deno task setup`)";
  if (wanted === "tensorflow") {
    throw new UserError(`SERA_BACKEND=tensorflow cannot be loaded: ${reason}`);
  }
  return await loadWasm(reason);
}

async function loadNode(name: NodePackage, reason: string): Promise<Engine> {
  // Gone from Node 23 and Deno; tfjs-node still calls it.
  (nodeUtil as unknown as Record<string, unknown>)["isNullOrUndefined"] ??= (value: unknown) =>
    value === null || value === undefined;
  // libtensorflow reads these when it is loaded; Deno.env.set reaches the C environment.
  setDefault("TF_ENABLE_ONEDNN_OPTS", "1");
  setDefault("TF_CPP_MIN_LOG_LEVEL", "2");
  if (name === "@tensorflow/tfjs-node-gpu") {
    // Float32 as it is (TF32 keeps three digits), and sums in a fixed order.
    setDefault("NVIDIA_TF32_OVERRIDE", "0");
    setDefault("TF_DETERMINISTIC_OPS", "1");
  }
  const threads = threadsWanted();
  if (threads !== undefined) Deno.env.set("TF_NUM_INTRAOP_THREADS", String(threads));

  const tf = await withoutNativeLog(async () => {
    const module = name === "@tensorflow/tfjs-node-gpu"
      ? await import("@tensorflow/tfjs-node-gpu")
      : await import("@tensorflow/tfjs-node");
    const namespace = unwrap(module) as unknown as TensorFlow;
    await namespace.ready();
    return namespace;
  });
  const backend = tf.backend() as unknown as NodeBackend;
  const { binding } = backend;
  const number = (key: string) => {
    const value = binding[key];
    if (value === undefined) throw new Error(`the native binding has no ${key}`);
    return value;
  };
  return {
    tf,
    info: {
      backend: "tensorflow",
      package: name,
      tensorflowVersion: binding.TF_Version,
      reason,
      device: backend.isUsingGpuDevice ? "gpu" : "cpu",
      threads: Number(Deno.env.get("TF_NUM_INTRAOP_THREADS")) || navigator.hardwareConcurrency,
      oneDnn: Deno.env.get("TF_ENABLE_ONEDNN_OPTS") !== "0",
      // They are kernels for the processor.
      nativeOps: !backend.isUsingGpuDevice && loadNativeOps(),
    },
    raw: {
      execute: (opName, attributes, inputs, numOutputs) =>
        backend.executeMultipleOutputs(opName, attributes, inputs, numOutputs),
      dtype: { float32: number("TF_FLOAT"), int32: number("TF_INT32"), bool: number("TF_BOOL") },
      attr: {
        int: number("TF_ATTR_INT"),
        float: number("TF_ATTR_FLOAT"),
        bool: number("TF_ATTR_BOOL"),
        type: number("TF_ATTR_TYPE"),
        string: number("TF_ATTR_STRING"),
        shape: number("TF_ATTR_SHAPE"),
      },
    },
  };
}

async function loadWasm(reason: string): Promise<Engine> {
  // The union, as tfjs-node exports it: core alone has no chained ops (`x.sum()`).
  const tf = unwrap(await import("@tensorflow/tfjs")) as unknown as TensorFlow;
  const wasm = unwrap(await import("@tensorflow/tfjs-backend-wasm"));
  wasm.setWasmPaths(`${projectRoot}node_modules/@tensorflow/tfjs-backend-wasm/dist/`);
  await tf.setBackend("wasm");
  await tf.ready();
  return {
    tf,
    info: {
      backend: "wasm",
      package: "@tensorflow/tfjs-backend-wasm",
      tensorflowVersion: tf.version_core,
      reason,
      device: "cpu",
      threads: 1,
      oneDnn: false,
      nativeOps: false,
    },
    raw: undefined,
  };
}

/** Loading the library registers its ops with TensorFlow (static initialisers); it exports no symbol. */
function loadNativeOps(): boolean {
  if (Deno.env.get("SERA_NATIVE_OPS") === "0") return false;
  const path = nativeOpsPath();
  if (path === undefined || !exists(path)) return false;
  try {
    Deno.dlopen(path, {});
    return true;
  } catch (error) {
    console.error(`warning: fused ops not loaded, using ordinary kernels: ${messageOf(error)}`);
    return false;
  }
}

/** `SERA_THREADS`, checked. */
function threadsWanted(): number | undefined {
  const text = Deno.env.get("SERA_THREADS") || undefined;
  if (text === undefined) return undefined;
  const threads = Number(text);
  if (!Number.isInteger(threads) || threads < 1) {
    throw new UserError(`SERA_THREADS=${text} is no number of threads: use 1 or more`);
  }
  return threads;
}

/** An NVIDIA device file, or WSL's; says nothing about its driver's version. */
function setDefault(name: string, value: string): void {
  if (Deno.env.get(name) === undefined) Deno.env.set(name, value);
}

/** CommonJS packages come as `default`. */
function unwrap<T extends object>(module: T): T {
  return (module as { default?: T }).default ?? module;
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
