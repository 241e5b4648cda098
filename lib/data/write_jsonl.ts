import { statSync } from "node:fs";
import { dirname } from "node:path";
import { UserError } from "../errors.ts";
import { checkWritable } from "../files/check_writable.ts";
import { DurableWriter } from "../files/durable_file.ts";
import type { PreferencePair } from "./preference.ts";

/** Bytes gathered before a write. */
const BUFFER_BYTES = 1 << 20;

/**
 * Makes sure that a file can be written, before the work whose result it holds; its folder is made.
 *
 * @throws {UserError} if `path` is a folder, or the place cannot be written or is full
 */
export function prepareOutput(path: string): void {
  checkWritable(dirname(path));
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UserError(`${path} is a folder: name a file in it`);
  }
}

/**
 * Writes records as JSON Lines, durably: `path` holds the old content or all of the new one.
 *
 * @throws {UserError} if the disk is full, the place cannot be written or a number is not finite;
 * `path` is then as it was
 */
export function writeJsonl(path: string, records: Iterable<unknown>): void {
  using writer = new JsonlWriter(path);
  for (const record of records) writer.add(record);
  writer.finish();
}

/** `writeJsonl` of records that come one by one: without `finish`, `path` stays as it was. */
export class JsonlWriter implements Disposable {
  readonly #path: string;
  readonly #file: DurableWriter;
  #text = "";

  constructor(path: string) {
    this.#path = path;
    this.#file = new DurableWriter(path);
  }

  /** Adds one record. Throws `UserError` for NaN or an infinity: JSON would make them null. */
  add(record: unknown): void {
    const text = JSON.stringify(record, (key, value) => {
      if (typeof value !== "number" || Number.isFinite(value)) return value;
      const { id } = record as { id?: unknown };
      throw new UserError(`${this.#path}: ${key} of record ${id ?? "without id"} is ${value}`);
    });
    this.#text += text + "\n";
    if (this.#text.length >= BUFFER_BYTES) this.#flush();
  }

  /** Makes the file durable and puts it in its place. */
  finish(): void {
    this.#flush();
    this.#file.finish();
  }

  #flush(): void {
    this.#file.write(new TextEncoder().encode(this.#text));
    this.#text = "";
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}

/**
 * Writes pairs as JSONL that TRL loads (explicit prompt; standard or conversational): `id`,
 * `prompt`, `chosen`, `rejected` and the columns of `extra`.
 *
 * @param extra further columns of a pair, the same keys for every pair
 * @throws {UserError} if texts and messages are mixed: one table column holds one type
 */
export function writePreferences(
  path: string,
  pairs: readonly PreferencePair[],
  extra: (pair: PreferencePair, index: number) => Record<string, unknown> = () => ({}),
): void {
  const styles = new Set(
    pairs.flatMap((
      { prompt, chosen, rejected },
    ) => [typeof prompt, typeof chosen, typeof rejected]),
  );
  if (styles.size > 1) {
    throw new UserError(
      `${path}: pairs mix texts and lists of messages, which TRL cannot load from one file`,
    );
  }
  writeJsonl(
    path,
    pairs.map((pair, index) => {
      const { id, prompt, chosen, rejected } = pair;
      return { id, prompt, chosen, rejected, ...extra(pair, index) };
    }),
  );
}
