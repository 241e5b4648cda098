import { createHash } from "node:crypto";
import type { HostTensor } from "../policy/io/safetensors_writer.ts";
import { canonicalJson, type JsonObject } from "../files/canonical_json.ts";
import { sha256 } from "../files/fingerprint.ts";

/** What a run needs to go on from one moment. */
export interface Checkpoint {
  /** Where in the run it was taken: grows from one checkpoint to the next (steps done, say). */
  readonly position: number;
  readonly tensors: ReadonlyMap<string, HostTensor>;
  /** Everything else: schedule, counters, rows of the logs. */
  readonly state: JsonObject;
}

const FORMAT = "sera-checkpoint-1";
const BYTES = Float32Array.BYTES_PER_ELEMENT;

/** A file that is not a whole checkpoint: cut, changed or of another kind. */
export class CorruptCheckpoint extends Error {
  override readonly name = "CorruptCheckpoint";
}

/**
 * A checkpoint as the chunks of a safetensors file (any reader of the format can open it). Its
 * `__metadata__` holds position, state and the SHA-256 of those, the tensor table and the values.
 *
 * @throws {RangeError} if a tensor's shape does not fit its values
 */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array<ArrayBuffer>[] {
  const table: Record<string, { dtype: "F32"; shape: number[]; data_offsets: number[] }> = {};
  const data: Uint8Array<ArrayBuffer>[] = [];
  let offset = 0;
  for (const name of [...checkpoint.tensors.keys()].sort()) {
    const { shape, data: values } = checkpoint.tensors.get(name) as HostTensor;
    const size = shape.reduce((product, n) => product * n, 1);
    if (size !== values.length) {
      throw new RangeError(`tensor ${name}: shape [${shape}] holds ${size}, not ${values.length}`);
    }
    const end = offset + values.byteLength;
    table[name] = { dtype: "F32", shape: [...shape], data_offsets: [offset, end] };
    data.push(
      new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength),
    );
    offset = end;
  }
  const position = String(checkpoint.position);
  const state = canonicalJson(checkpoint.state);
  const digest = sha256(canonicalJson([position, state, table]), ...data);
  const metadata = { format: FORMAT, position, state, sha256: digest };
  const json = new TextEncoder().encode(canonicalJson({ ...table, __metadata__: metadata }));
  const header = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(json, 8);
  return [header, ...data];
}

/**
 * Reads a checkpoint back, bit for bit. Tensors are views of `file`.
 *
 * @throws {CorruptCheckpoint} if a byte is missing or changed, or the parts do not fit together
 */
export function decodeCheckpoint(file: Uint8Array<ArrayBuffer>): Checkpoint {
  try {
    return decode(file);
  } catch (error) {
    if (error instanceof CorruptCheckpoint) throw error;
    // Somebody made a file with a fitting hash.
    throw new CorruptCheckpoint("its parts do not fit together");
  }
}

function decode(file: Uint8Array<ArrayBuffer>): Checkpoint {
  if (file.length < 8) throw new CorruptCheckpoint(`holds ${file.length} bytes`);
  const headerBytes = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const start = 8 + headerBytes;
  if (start > file.length) throw new CorruptCheckpoint("its header is cut");
  const { metadata, table } = parseHeader(file.subarray(8, start));
  if (metadata?.format !== FORMAT) throw new CorruptCheckpoint("it is no checkpoint of ours");
  const hash = createHash("sha256");
  hash.update(canonicalJson([`${metadata.position}`, `${metadata.state}`, table]));
  hash.update(file.subarray(start));
  if (hash.digest("hex") !== metadata.sha256) {
    throw new CorruptCheckpoint("its SHA-256 does not match its content");
  }
  const tensors = new Map<string, HostTensor>();
  for (const [name, { shape, data_offsets: [begin, end] }] of Object.entries(table)) {
    const data = new Float32Array(
      file.buffer,
      file.byteOffset + start + begin,
      (end - begin) / BYTES,
    );
    if (shape.reduce((product, n) => product * n, 1) !== data.length) throw new RangeError(name);
    tensors.set(name, { shape, data });
  }
  const position = Number(metadata.position);
  const state = JSON.parse(metadata.state);
  if (!Number.isSafeInteger(position) || typeof state !== "object" || state === null) {
    throw new RangeError("state");
  }
  return { position, tensors, state };
}

interface Header {
  readonly metadata?: { format: string; position: string; state: string; sha256: string };
  readonly table: Record<string, { shape: number[]; data_offsets: [number, number] }>;
}

/** The header as it stands in the file: nothing in it is to be trusted before the hash is. */
function parseHeader(bytes: Uint8Array): Header {
  try {
    const { __metadata__: metadata, ...table } = JSON.parse(new TextDecoder().decode(bytes));
    return { metadata, table };
  } catch {
    throw new CorruptCheckpoint("its header is not JSON");
  }
}
