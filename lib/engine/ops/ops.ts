import { type Engine, engine } from "../tensorflow.ts";
import { compositeOps } from "./composite.ts";
import { nativeOps } from "./native.ts";
import type { Ops } from "./types.ts";

let chosen: Ops | undefined;
let owner: Engine | undefined;

/** The operations for the loaded engine: fused kernels on the CPU where they were built. */
export function ops(): Ops {
  const current = engine();
  if (chosen === undefined || owner !== current) {
    const { raw, info } = current;
    chosen = raw !== undefined && info.nativeOps && info.device === "cpu"
      ? nativeOps({ ...current, raw })
      : compositeOps(current);
    owner = current;
  }
  return chosen;
}
