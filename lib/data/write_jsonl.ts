import { dirname } from "node:path";
import { UserError } from "../errors.ts";
import type { PreferencePair } from "./preference.ts";

/** Bytes gathered before a write. */
const BUFFER_BYTES = 1 << 20;

/**
 * Makes the folder that a file is to be written into, before the work whose result it holds.
 *
 * @throws {UserError} if `path` is a folder
 * @throws what the system says where the folder cannot be made
 */
export function prepareOutput(path: string): void {
  let isFolder = false;
  try {
    isFolder = Deno.statSync(path).isDirectory;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  if (isFolder) throw new UserError(`${path} is a folder: name a file in it`);
  Deno.mkdirSync(dirname(path), { recursive: true });
}

/**
 * Writes records as JSON Lines: to a temporary file beside `path` that then takes its place, so
 * that `path` holds the old content or all of the new one, never a part.
 *
 * @throws what the system says (disk full, no such folder); `path` is then as it was
 */
export function writeJsonl(path: string, records: Iterable<unknown>): void {
  const temporary = `${path}.being-written`;
  try {
    {
      using file = Deno.openSync(temporary, { write: true, create: true, truncate: true });
      for (const bytes of encode(records)) {
        for (let offset = 0; offset < bytes.length;) {
          offset += file.writeSync(bytes.subarray(offset));
        }
      }
      file.syncSync();
    }
    Deno.renameSync(temporary, path);
  } catch (error) {
    try {
      Deno.removeSync(temporary);
    } catch {
      // It was never made.
    }
    throw error;
  }
}

function* encode(records: Iterable<unknown>): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = "";
  for (const record of records) {
    text += JSON.stringify(record) + "\n";
    if (text.length < BUFFER_BYTES) continue;
    yield encoder.encode(text);
    text = "";
  }
  yield encoder.encode(text);
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
