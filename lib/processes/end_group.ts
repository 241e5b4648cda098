import { liveProcesses } from "./live_processes.ts";

/** Time that a killed process gets to be gone, milliseconds. */
const KILL_MS = 10_000;

/**
 * Ends a process group: SIGTERM, and SIGKILL where that is not enough.
 *
 * @param id of the group
 * @param graceMs time between the two, milliseconds
 * @returns whether it is gone; the system keeps one alive that waits for a device
 */
export async function endGroup(id: number, graceMs: number): Promise<boolean> {
  for (const [signal, patience] of [["SIGTERM", graceMs], ["SIGKILL", KILL_MS]] as const) {
    signalGroup(id, signal);
    const deadline = performance.now() + patience;
    for (let pause = 20;; pause = Math.min(2 * pause, 500)) {
      if (!liveProcesses().some(({ group }) => group === id)) return true;
      const left = deadline - performance.now();
      if (left <= 0) break;
      await new Promise((resolve) => setTimeout(resolve, Math.min(pause, left)));
    }
  }
  return false;
}

/** Sends a signal to every process of a group; nothing where there is none. */
export function signalGroup(id: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    Deno.kill(-id, signal);
  } catch {
    // It has ended, or is not ours: whether it is gone, `endGroup` sees.
  }
}
