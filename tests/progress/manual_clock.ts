import type { Clock } from "../../lib/progress/progress_sink.ts";

/** A clock that goes only when told to. */
export function manualClock(): { clock: Clock; pass: (seconds: number) => void } {
  let now = 1000;
  return { clock: () => now, pass: (seconds) => now += seconds };
}
