import { createHash } from "node:crypto";
import { canonicalJson } from "./canonical_json.ts";
import { messageOf, UserError } from "../errors.ts";

/** Bytes or text to hash. */
export type Hashable = Uint8Array | string;

/** SHA-256 of some bytes (text as UTF-8), as 64 hexadecimal digits. */
export function sha256(...parts: readonly Hashable[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

/** SHA-256 of a value's canonical JSON: key order does not matter. Throws as `canonicalJson`. */
export function fingerprintJson(value: unknown): string {
  return sha256(canonicalJson(value));
}

/**
 * Whether a value that was read from a file is the one of this fingerprint. What no fingerprint was
 * ever made of, a number beyond all doubles (`1e400`) or nesting beyond the stack, is not.
 */
export function hasFingerprint(value: unknown, fingerprint: unknown): boolean {
  try {
    return fingerprintJson(value) === fingerprint;
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return false;
    throw error;
  }
}

/** The bytes behind a typed array, without a copy. */
export function bytesOf(array: ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/**
 * SHA-256 of token sequences, in order. Two lists of sequences with the same tokens but other
 * borders differ.
 */
export function fingerprintSequences(sequences: Iterable<Int32Array<ArrayBuffer>>): string {
  const hash = createHash("sha256");
  for (const ids of sequences) {
    hash.update(bytesOf(Int32Array.of(ids.length)));
    hash.update(bytesOf(ids));
  }
  return hash.digest("hex");
}

/** SHA-256 of a file, read in pieces. Throws `UserError` naming a file that cannot be read. */
export function fingerprintFile(path: string): string {
  const hash = createHash("sha256");
  try {
    using file = Deno.openSync(path);
    const buffer = new Uint8Array(1 << 20);
    for (let read = file.readSync(buffer); read !== null; read = file.readSync(buffer)) {
      hash.update(buffer.subarray(0, read));
    }
  } catch (error) {
    throw new UserError(`cannot read ${path}: ${messageOf(error)}; check the path and its rights`);
  }
  return hash.digest("hex");
}
