/** Where Linux, and Windows' Linux, show a GPU that CUDA can use. */
const GPUS = ["/dev/nvidia0", "/dev/nvidiactl", "/dev/dxg"];

/** Whether a GPU that CUDA can use is there. */
export function gpuVisible(): boolean {
  return present(GPUS);
}

/** Whether any of these device files is there. */
export function present(paths: readonly string[]): boolean {
  if (Deno.build.os === "windows") return false;
  try {
    // By a program, as to look into /dev here would need every permission there is.
    const { stdout } = new Deno.Command("ls", {
      args: ["-d", ...paths],
      ...{ stdin: "null", stderr: "null" },
    }).outputSync();
    return stdout.length > 0;
  } catch {
    return false;
  }
}
