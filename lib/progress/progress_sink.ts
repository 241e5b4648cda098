/** Figures shown beside the count: loss, rate, device. */
export type ProgressFields = Readonly<Record<string, number | string>>;

/** How a phase counts. */
export interface PhaseOptions {
  /** What is counted, in the singular: `step`, `pair`, `token`. */
  readonly unit?: string;
  /** How many were done before this process began (a continued run). They do not count as speed. */
  readonly done?: number;
}

/**
 * Where long work tells how far it is. Phases nest:
 *
 * ```ts
 * progress.phase("iteration", 3);
 * progress.phase("update", 40, { unit: "step" });
 * progress.advance(1, { loss: 0.6412 }); // iteration 1/3 | update | step 1/40 | loss 0.6412
 * progress.done(); // of update
 * progress.advance(1);
 * ```
 */
export interface ProgressSink {
  /** Begins a phase inside the current one. `total` is left out where it is not known. */
  phase(name: string, total?: number, options?: PhaseOptions): void;
  /** `n` more of the current phase are done. `fields` replace those of the same name; "" shows none. */
  advance(n: number, fields?: ProgressFields): void;
  /** Says something that stays in the log. */
  message(text: string): void;
  /** Ends the current phase. */
  done(): void;
}

/** A sink that shows nothing. */
export const silentProgress: ProgressSink = {
  phase: () => {},
  advance: () => {},
  message: () => {},
  done: () => {},
};

/** A sink that may have drawn on the screen. */
export interface ClosableProgress extends ProgressSink {
  /** Wipes what is drawn: call before the process ends early or prints an error. */
  close(): void;
}

/** Seconds on a clock that never goes back; only differences mean something. */
export type Clock = () => number;

/** The process's monotonic clock. */
export const monotonicClock: Clock = () => performance.now() / 1000;
