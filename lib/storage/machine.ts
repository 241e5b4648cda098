import { availableParallelism, cpus } from "node:os";
import { processorEntry } from "../engine/processor.ts";
import { programOutput } from "../program_output.ts";

/** Where a run happened. */
export interface Machine {
  readonly os: string;
  readonly arch: string;
  readonly cpu: string;
  /**
   * Which kind of processor, as results repeat bit for bit on one kind alone: family, model and the
   * widest vectors ("family 25, model 1, avx2"); null where the system does not tell.
   */
  readonly cpuKind: string | null;
  readonly cores: number;
  readonly memoryBytes: number;
  /** Highest resident memory of this process so far; what it is now where the system does not tell. */
  readonly peakRssBytes: number;
}

/** Describes this machine and this process's memory. */
export function readMachine(): Machine {
  return {
    os: Deno.build.os,
    arch: Deno.build.arch,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cpuKind: cpuKind(),
    cores: availableParallelism(),
    memoryBytes: Deno.systemMemoryInfo().total,
    peakRssBytes: peakRssBytes(),
  };
}

/** Which kind of processor: see `Machine`. */
export function cpuKind(): string | null {
  const entry = processorEntry();
  const [family, model] = [entry.get("cpu family"), entry.get("model")];
  if (family === undefined || model === undefined) return null;
  const flags = entry.get("flags")?.split(" ") ?? [];
  const vectors = ["avx512f", "avx2", "avx"].find((flag) => flags.includes(flag));
  return [`family ${family}`, `model ${model}`, ...(vectors ? [vectors] : [])].join(", ");
}

/** Highest resident memory of this process so far, bytes. */
export function peakRssBytes(): number {
  const status = Deno.build.os === "linux"
    ? programOutput("sed", "-n", "/^VmHWM:/p", `/proc/${Deno.pid}/status`)
    : undefined;
  const kib = /^VmHWM:\s+(\d+) kB/.exec(status ?? "")?.[1];
  return kib === undefined ? Deno.memoryUsage().rss : Number(kib) * 1024;
}
