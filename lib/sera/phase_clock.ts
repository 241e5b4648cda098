import { type Clock, monotonicClock } from "../progress/progress_sink.ts";
import type { SeraStore } from "./store.ts";

/** What an iteration's time goes to. */
export const phases = ["scoring", "generation", "update", "evaluation"] as const;
/** One of them. */
export type Phase = typeof phases[number];
/** Seconds of each phase. */
export type PhaseSeconds = Readonly<Record<Phase, number>>;

/**
 * Seconds by phase. Work that the store keeps is charged once, with the time it took in whichever
 * process did it, so that a continued run knows what earlier processes spent.
 */
export class PhaseClock {
  readonly #store: SeraStore;
  readonly #now: Clock;
  readonly #charged = new Set<string>();
  #seconds = zeros();

  constructor(store: SeraStore, now: Clock = monotonicClock) {
    this.#store = store;
    this.#now = now;
  }

  /** The value kept under a name, or computed now, timed and kept. */
  async once<T>(phase: Phase, name: string, compute: () => Promise<T>): Promise<T> {
    const { value, seconds } = await this.#store.once(name, async () => {
      const start = this.#now();
      return { value: await compute(), seconds: this.#now() - start };
    });
    if (!this.#charged.has(name)) this.charge(phase, seconds);
    this.#charged.add(name);
    return value;
  }

  /** Charges seconds that were counted elsewhere. */
  charge(phase: Phase, seconds: number): void {
    this.#seconds[phase] += seconds;
  }

  /** Seconds since the last call; counting begins anew. */
  lap(): PhaseSeconds {
    const seconds = this.#seconds;
    this.#seconds = zeros();
    return seconds;
  }
}

function zeros(): Record<Phase, number> {
  return { scoring: 0, generation: 0, update: 0, evaluation: 0 };
}
