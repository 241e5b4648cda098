import { plainText } from "../plain_text.ts";
import { formatEnd, formatProgress } from "./format_progress.ts";
import { type Clock, type ClosableProgress, monotonicClock } from "./progress_sink.ts";
import { ProgressState } from "./progress_state.ts";

/** Options of `terminalProgress`. */
export interface TerminalProgressOptions {
  /** Takes text as it is to appear. */
  readonly write: (text: string) => void;
  /** Columns of a terminal whose line can be redrawn; left out for a log file or pipe. */
  readonly columns?: () => number;
  readonly clock?: Clock;
}

/** Seconds between two redraws of a terminal's line. */
const REDRAW = 0.1;
/** Seconds between two lines in a log. */
const LOG = 10;
/** A phase shorter than this, in seconds, leaves no line behind. */
const BRIEF = 2;

/**
 * Progress for people: on a terminal one line, redrawn in place; in a log one line about every ten
 * seconds. A phase of two seconds or more leaves a line with its time when it ends.
 */
export function terminalProgress(options: TerminalProgressOptions): ClosableProgress {
  const clock = options.clock ?? monotonicClock;
  const { write, columns } = options;
  const interval = columns === undefined ? LOG : REDRAW;
  const state = new ProgressState(clock);
  let shownAt = clock();
  let drawn = false;

  const clear = () => {
    if (drawn) write("\r\x1b[K");
    drawn = false;
  };
  const line = (text: string) => {
    clear();
    write(text + "\n");
  };
  const show = () => {
    shownAt = clock();
    const text = formatProgress(state.snapshot());
    if (columns === undefined) return line(text);
    write("\r\x1b[K" + cut(text, columns() - 1));
    drawn = true;
  };

  return {
    close: clear,
    phase: (name, total, phaseOptions) => {
      state.begin(name, total, phaseOptions);
      if (columns !== undefined) show();
    },
    advance: (n, fields) => {
      state.advance(n, fields);
      if (clock() - shownAt >= interval) show();
    },
    message: (text) => {
      line(plainText(text, " "));
      if (columns !== undefined && state.depth > 0) show();
    },
    done: () => {
      const ended = state.snapshot();
      if ((ended.phases.at(-1)?.elapsed ?? 0) >= BRIEF) {
        line(formatEnd(ended));
        shownAt = clock();
      }
      state.end();
      if (columns !== undefined && state.depth > 0) show();
      else clear();
    },
  };
}

function cut(text: string, columns: number): string {
  return text.length <= columns ? text : text.slice(0, Math.max(0, columns - 3)) + "...";
}
