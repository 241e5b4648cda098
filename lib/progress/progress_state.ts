import type { Clock, PhaseOptions, ProgressFields } from "./progress_sink.ts";
import { RateEstimator } from "./rate_estimator.ts";

/** One phase as seen at a moment. Times in seconds. */
export interface PhaseSnapshot {
  readonly name: string;
  readonly unit?: string;
  readonly done: number;
  readonly total?: number;
  /** Absent until something was done. */
  readonly secondsPerItem?: number;
  /** Absent where the total or the rate is not known. */
  readonly secondsLeft?: number;
  /** Since the phase began in this process. */
  readonly elapsed: number;
}

/** All open phases at a moment, the outermost first, with the innermost's figures. */
export interface ProgressSnapshot {
  readonly phases: readonly PhaseSnapshot[];
  readonly fields: ProgressFields;
}

interface Phase {
  readonly name: string;
  readonly unit: string | undefined;
  readonly total: number | undefined;
  readonly begun: number;
  readonly rate: RateEstimator;
  done: number;
  fields: ProgressFields;
}

/** The stack of open phases that every visible sink keeps. */
export class ProgressState {
  readonly #clock: Clock;
  readonly #phases: Phase[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many phases are open. */
  get depth(): number {
    return this.#phases.length;
  }

  begin(name: string, total: number | undefined, options: PhaseOptions = {}): void {
    const begun = this.#clock();
    this.#phases.push({
      name,
      unit: options.unit,
      total,
      begun,
      rate: new RateEstimator(begun),
      done: options.done ?? 0,
      fields: {},
    });
  }

  /** Throws `Error` if no phase is open: the caller's mistake. */
  advance(n: number, fields: ProgressFields = {}): void {
    const phase = this.#innermost();
    phase.done += n;
    phase.rate.add(n, this.#clock());
    phase.fields = { ...phase.fields, ...fields };
  }

  end(): void {
    this.#innermost();
    this.#phases.pop();
  }

  /** Throws `Error` if no phase is open. */
  snapshot(): ProgressSnapshot {
    const { fields } = this.#innermost();
    const now = this.#clock();
    return { phases: this.#phases.map((phase) => snapshotOf(phase, now)), fields };
  }

  #innermost(): Phase {
    const phase = this.#phases.at(-1);
    if (phase === undefined) throw new Error("no phase of progress is open: call phase() first");
    return phase;
  }
}

function snapshotOf({ name, unit, done, total, rate, begun }: Phase, now: number): PhaseSnapshot {
  const secondsPerItem = rate.secondsPerItem();
  const left = total === undefined || secondsPerItem === undefined
    ? undefined
    : Math.max(0, total - done) * secondsPerItem;
  return {
    name,
    ...(unit === undefined ? {} : { unit }),
    done,
    ...(total === undefined ? {} : { total }),
    ...(secondsPerItem === undefined ? {} : { secondsPerItem }),
    ...(left === undefined ? {} : { secondsLeft: left }),
    elapsed: now - begun,
  };
}
