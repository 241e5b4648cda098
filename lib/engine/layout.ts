/**
 * Where set-up puts what the engine loads. Shared by `tools/setup`, which writes these files, and by
 * `tensorflow.ts`, which reads them.
 */
import { fileURLToPath } from "node:url";
import { processorId } from "./processor.ts";

/** A TensorFlow.js package that runs on libtensorflow. */
export type NodePackage = "@tensorflow/tfjs-node" | "@tensorflow/tfjs-node-gpu";

/** The folder of the project, with a slash at its end. */
export const projectRoot: string = fileURLToPath(new URL("../../", import.meta.url));

/** The compiled native binding of a package; absent before set-up or on the wasm backend. */
export function bindingPath(name: NodePackage): string {
  return `${projectRoot}node_modules/${name}/lib/napi-v8/tfjs_binding.node`;
}

/**
 * The shared library of our own TensorFlow ops, `lib/engine/native/*.cc` compiled for the processor
 * of this machine: others may share the folder. Undefined where the processor is not known.
 */
export function nativeOpsPath(): string | undefined {
  const id = processorId();
  return id === undefined ? undefined : `${projectRoot}.cache/native/sera_ops-${id}.so`;
}
