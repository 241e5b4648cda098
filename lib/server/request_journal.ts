import { UserError } from "../errors.ts";
import { appendDurably } from "../files/durable_file.ts";
import { sha256 } from "../files/fingerprint.ts";
import { wholeLines } from "../files/whole_lines.ts";
import { UnderWay } from "./under_way.ts";

/**
 * Results of requests by key, kept in a file as they come: nothing paid for is asked twice. Whoever
 * opens it holds a lock on its folder or its output: what another process adds is not seen.
 */
export class RequestJournal<T> {
  readonly #path: string;
  readonly #kept = new Map<string, T>();
  readonly #underWay = new UnderWay<T>();

  /**
   * Opens the file and reads what an earlier process left; a torn last line is cut off.
   *
   * @throws {UserError} where a line is not one of ours
   */
  constructor(path: string) {
    this.#path = path;
    let number = 0;
    for (const line of wholeLines(path)) {
      number++;
      try {
        const [key, value] = JSON.parse(line) as [string, T];
        this.#kept.set(key, value);
      } catch {
        throw new UserError(
          `${path} line ${number} is no kept result: remove the file to start anew`,
        );
      }
    }
  }

  /**
   * The kept result of a request, or computed now and kept; equal requests under way at once share
   * one computation. The request says everything.
   */
  async once(request: unknown, compute: () => Promise<T>): Promise<T> {
    const key = sha256(JSON.stringify(request)).slice(0, 32);
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    return await this.#underWay.share(key, () => this.#keep(key, compute));
  }

  async #keep(key: string, compute: () => Promise<T>): Promise<T> {
    const value = await compute();
    this.#kept.set(key, value);
    appendDurably(this.#path, new TextEncoder().encode(`${JSON.stringify([key, value])}\n`));
    return value;
  }
}
