import { availableParallelism, cpus } from "node:os";

/** Where a run happened. */
export interface Machine {
  readonly os: string;
  readonly arch: string;
  readonly cpu: string;
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
    cores: availableParallelism(),
    memoryBytes: Deno.systemMemoryInfo().total,
    peakRssBytes: peakRssBytes(),
  };
}

/** Highest resident memory of this process so far, bytes. */
export function peakRssBytes(): number {
  try {
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(Deno.readTextFileSync("/proc/self/status"))?.[1];
    if (kib !== undefined) return Number(kib) * 1024;
  } catch {
    // Only Linux has /proc.
  }
  return Deno.memoryUsage().rss;
}
