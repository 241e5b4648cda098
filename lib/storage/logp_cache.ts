import { messageOf, UserError } from "../errors.ts";
import { cacheDir } from "../policy/io/cache_dir.ts";
import { Artefacts } from "./artefacts.ts";
import { canonicalJson, type JsonObject } from "../files/canonical_json.ts";
import { fingerprintJson } from "../files/fingerprint.ts";
import { sealJson, unsealJson } from "../files/sealed_json.ts";

/** All that decides a sequence's log-probability. Another value anywhere is another entry. */
export interface LogpKey {
  /** Fingerprint of the base weights. */
  readonly model: string;
  /** Fingerprint of the adapter or of the updated weights; null for the base model. */
  readonly adapter: string | null;
  /** Fingerprint of tokenizer and chat template. */
  readonly tokenizer: string;
  /** Fingerprint of the token sequences, in order. */
  readonly data: string;
  /** Settings that change the numbers: backend, longest length, ... */
  readonly settings: JsonObject;
}

/** Named columns, one value a sequence: `chosenLogps`, `rejectedLogps`. */
export type LogpColumns = Readonly<Record<string, Float64Array>>;

/** Sequence log-probabilities kept on disk, so that no policy scores the same data twice. */
export class LogpCache {
  readonly #artefacts: Artefacts | null;
  readonly #warn: (message: string) => void;

  /**
   * @param artefacts where it lies; null for a cache that keeps nothing
   * @param warn where a damaged entry is told; it is set aside and computed again
   */
  constructor(artefacts: Artefacts | null, warn: (message: string) => void) {
    this.#artefacts = artefacts;
    this.#warn = warn;
  }

  /** What was computed for this very key; else computes it, and keeps it where that can be done. */
  async getOrCompute(key: LogpKey, compute: () => Promise<LogpColumns>): Promise<LogpColumns> {
    const kept = this.get(key);
    if (kept !== undefined) return kept;
    const columns = await compute();
    try {
      this.set(key, columns);
    } catch (error) {
      // A full disk, or a value that JSON cannot hold: what to do about it is the caller's to say.
      if (!(error instanceof UserError || error instanceof TypeError)) throw error;
      this.#warn(`log-probabilities are not kept for other runs: ${messageOf(error)}`);
    }
    return columns;
  }

  /** The columns of this very key; `undefined` if there are none or their file is damaged. */
  get(key: LogpKey): LogpColumns | undefined {
    if (this.#artefacts === null) return undefined;
    const name = nameOf(key);
    try {
      if (!this.#artefacts.has(name)) return undefined;
      return decode(this.#artefacts.readText(name), key);
    } catch (error) {
      const path = this.#artefacts.path(name);
      this.#warn(
        `cached log-probabilities ${path} are damaged (${messageOf(error)}); computing anew`,
      );
      try {
        Deno.renameSync(path, `${path}.damaged`);
      } catch {
        // Read-only: it is computed again each time.
      }
      return undefined;
    }
  }

  /** Keeps columns. Throws `TypeError` for NaN or an infinity, `UserError` if the disk is full. */
  set(key: LogpKey, columns: LogpColumns): void {
    const lists = Object.fromEntries(
      Object.entries(columns).map(([name, values]) => [name, [...values]]),
    );
    this.#artefacts?.writeText(nameOf(key), sealJson({ key, columns: lists }));
  }
}

/**
 * The cache that all runs of this user share. Where there is no folder for it (no HOME), that is
 * told, and nothing is kept.
 */
export function sharedLogpCache(warn: (message: string) => void): LogpCache {
  try {
    return new LogpCache(new Artefacts(cacheDir("logps")), warn);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    warn(`log-probabilities are not kept for other runs: ${messageOf(error)}`);
    return new LogpCache(null, warn);
  }
}

function nameOf(key: LogpKey): string {
  return `logps/${fingerprintJson(key).slice(0, 32)}.json`;
}

function decode(text: string, key: LogpKey): LogpColumns {
  const entry = unsealJson(text) as { key: LogpKey; columns: Record<string, number[]> };
  if (canonicalJson(entry.key) !== canonicalJson(key)) throw new Error("it is another key's");
  return Object.fromEntries(
    Object.entries(entry.columns).map(([name, values]) => [name, Float64Array.from(values)]),
  );
}
