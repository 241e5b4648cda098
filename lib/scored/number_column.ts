/** Numbers that are added one by one to an array that grows by doubling: 8 bytes each. */
export class NumberColumn {
  #values = new Float64Array(1024);
  #length = 0;

  /** Adds a number. */
  push(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = new Float64Array(2 * this.#length);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length++] = value;
  }

  /** The numbers so far. */
  values(): Float64Array {
    return this.#values.slice(0, this.#length);
  }
}
