/** Calls back when nothing was heard for some time, by the clock. Not running before `heard`. */
export class SilenceTimer implements Disposable {
  readonly #seconds: number;
  readonly #whenSilent: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(seconds: number, whenSilent: () => void) {
    this.#seconds = seconds;
    this.#whenSilent = whenSilent;
  }

  /** A sign of life: the time begins anew. */
  heard(): void {
    this.stop();
    this.#timer = setTimeout(this.#whenSilent, 1000 * this.#seconds);
  }

  /** Waits no longer, until the next `heard`. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}
