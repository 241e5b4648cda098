import process from "node:process";

/** Processor seconds of this thread so far: what a test of a time limit counts on a busy machine. */
export function cpuSeconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1e6;
}
