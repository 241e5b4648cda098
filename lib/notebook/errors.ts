/** Errors outside any cell: the kernel would swallow them or hang. */
import { currentKernel, type Kernel } from "./kernel.ts";

let installed = false;

/** Shows errors of timers and unhandled rejections as error outputs. Calling it again does nothing. */
export function installErrorListeners(kernel: Kernel = currentKernel()): void {
  if (installed) return;
  installed = true;
  const show = (error: unknown) => {
    const known = error instanceof Error ? error : new Error(String(error));
    kernel.broadcast("error", {
      ename: known.name,
      evalue: known.message,
      traceback: (known.stack ?? `${known.name}: ${known.message}`).split("\n"),
    });
  };
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    show(event.error);
  });
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    show(event.reason);
  });
}
