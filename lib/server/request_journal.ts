import { existsSync } from "node:fs";
import { UserError } from "../errors.ts";
import { appendDurably, removeIfThere, truncateDurably } from "../files/durable_file.ts";
import { sha256 } from "../files/fingerprint.ts";

/** Results of requests by key, kept in a file as they come: nothing paid for is asked twice. */
export class RequestJournal<T> {
  readonly #path: string;
  readonly #kept = new Map<string, T>();

  /**
   * Opens the file and reads what an earlier process left; a torn last line is cut off.
   *
   * @throws {UserError} where a line is not one of ours
   */
  constructor(path: string) {
    this.#path = path;
    if (!existsSync(path)) return;
    const text = Deno.readTextFileSync(path);
    const end = text.lastIndexOf("\n") + 1;
    if (end < text.length) {
      truncateDurably(path, new TextEncoder().encode(text.slice(0, end)).length);
    }
    for (const [i, line] of text.slice(0, end).split("\n").slice(0, -1).entries()) {
      try {
        const [key, value] = JSON.parse(line) as [string, T];
        this.#kept.set(key, value);
      } catch {
        throw new UserError(
          `${path} line ${i + 1} is no kept result: remove the file to start anew`,
        );
      }
    }
  }

  /** How many results are kept. */
  get size(): number {
    return this.#kept.size;
  }

  /** The kept result of a request, or computed now and kept. The request says everything. */
  async once(request: unknown, compute: () => Promise<T>): Promise<T> {
    const key = sha256(JSON.stringify(request)).slice(0, 32);
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const value = await compute();
    this.#kept.set(key, value);
    appendDurably(this.#path, new TextEncoder().encode(`${JSON.stringify([key, value])}\n`));
    return value;
  }

  /** Removes the file: the results stand elsewhere now. */
  finish(): void {
    removeIfThere(this.#path);
  }
}
