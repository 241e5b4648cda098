import { formatProgress } from "./format_progress.ts";
import { type Clock, monotonicClock, type ProgressSink } from "./progress_sink.ts";
import { type PhaseSnapshot, type ProgressSnapshot, ProgressState } from "./progress_state.ts";

/**
 * One line of machine-readable progress. Each stands for itself: a reader may miss some. `done`,
 * `total` and `secondsLeft` (seconds) are the outermost phase's, `label` the whole in words.
 */
export type ProgressEvent =
  | ({
    readonly event: "progress" | "phase" | "done";
    readonly done: number;
    readonly total?: number;
    readonly secondsLeft?: number;
    readonly label: string;
  } & ProgressSnapshot)
  | { readonly event: "message"; readonly text: string };

/** Seconds between two `progress` lines; the kernel of notebooks wants at most ten a second. */
const INTERVAL = 0.1;

/**
 * Progress for programs, as JSON lines (`ProgressEvent`): `phase` when one begins, `progress` at
 * most ten times a second, `done` with a phase's last count when it ends, `message`. Numbers that
 * JSON cannot hold (NaN, infinities) are written as strings.
 *
 * @param write takes one line with its newline
 */
export function jsonLinesProgress(
  write: (line: string) => void,
  clock: Clock = monotonicClock,
): ProgressSink {
  const state = new ProgressState(clock);
  let shownAt = -Infinity;
  const send = (event: ProgressEvent) => write(JSON.stringify(event, spellNonFinite) + "\n");
  const sendState = (event: "progress" | "phase" | "done") => {
    const snapshot = state.snapshot();
    const { done, total, secondsLeft } = snapshot.phases[0] as PhaseSnapshot;
    send({
      event,
      done,
      ...(total === undefined ? {} : { total }),
      ...(secondsLeft === undefined ? {} : { secondsLeft }),
      label: formatProgress(snapshot),
      ...snapshot,
    });
  };
  return {
    phase: (name, total, options) => {
      state.begin(name, total, options);
      sendState("phase");
    },
    advance: (n, fields) => {
      state.advance(n, fields);
      if (clock() - shownAt < INTERVAL) return;
      shownAt = clock();
      sendState("progress");
    },
    message: (text) => send({ event: "message", text }),
    done: () => {
      sendState("done");
      state.end();
    },
  };
}

/** The event in a line written by `jsonLinesProgress`; `undefined` for any other line. */
export function parseProgressLine(line: string): ProgressEvent | undefined {
  if (!line.startsWith('{"event":')) return undefined;
  try {
    const event = JSON.parse(line) as ProgressEvent;
    const known = event.event === "message"
      ? typeof event.text === "string"
      : Array.isArray(event.phases);
    return known ? event : undefined;
  } catch {
    return undefined;
  }
}

function spellNonFinite(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}
