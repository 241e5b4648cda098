/** Computations under way, one for each key: who asks for one meanwhile shares it. */
export class UnderWay<T> {
  readonly #byKey = new Map<string, Promise<T>>();

  /** What is under way for this key, else begun now. */
  share(key: string, compute: () => Promise<T>): Promise<T> {
    const there = this.#byKey.get(key);
    if (there !== undefined) return there;
    const begun = compute().finally(() => this.#byKey.delete(key));
    this.#byKey.set(key, begun);
    return begun;
  }
}
