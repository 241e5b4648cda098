import { formatPlace } from "./format_progress.ts";
import { type Clock, monotonicClock, type ProgressSink } from "./progress_sink.ts";
import { ProgressState } from "./progress_state.ts";

/** Seconds between two reports. */
const INTERVAL = 2;

/**
 * Progress of one piece of work among others, for whoever watches them all: where it is, in words
 * (`iteration 2/3, update, step 14/40, loss 0.6412`), at most every two seconds. Messages are left
 * to the work's own record.
 */
export function placeProgress(
  report: (place: string) => void,
  clock: Clock = monotonicClock,
): ProgressSink {
  const state = new ProgressState(clock);
  let reportedAt = clock();
  const mention = () => {
    if (clock() - reportedAt < INTERVAL) return;
    reportedAt = clock();
    report(formatPlace(state.snapshot()));
  };
  return {
    phase: (name, total, options) => {
      state.begin(name, total, options);
      mention();
    },
    advance: (n, fields) => {
      state.advance(n, fields);
      mention();
    },
    message: () => {},
    done: () => state.end(),
  };
}
