import { programOutput } from "../program_output.ts";

/** Where Linux, and Windows' Linux, show a GPU that CUDA can use. */
const GPUS = ["/dev/nvidia0", "/dev/nvidiactl", "/dev/dxg"];

/** Whether a GPU that CUDA can use is there. */
export function gpuVisible(): boolean {
  return present(GPUS);
}

/** Whether any of these device files is there. */
export function present(paths: readonly string[]): boolean {
  return Deno.build.os !== "windows" && Boolean(programOutput("ls", "-d", ...paths));
}
