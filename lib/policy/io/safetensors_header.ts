import { messageOf, UserError } from "../../errors.ts";
import { fileSize, parseJsonObject, readRange } from "./files.ts";

/** Bytes an element for the element types that can be read. */
export const SAFETENSORS_ITEM_BYTES = { F32: 4, F16: 2, BF16: 2 } as const;

/** An element type that can be read. */
export type SafetensorsDtype = keyof typeof SAFETENSORS_ITEM_BYTES;

/** Bytes an element for all of the format's types: a file may hold others where nothing reads them. */
const ITEM_BYTES: ReadonlyMap<unknown, number> = new Map(Object.entries({
  ...SAFETENSORS_ITEM_BYTES,
  ...{ F64: 8, I64: 8, U64: 8, I32: 4, U32: 4, I16: 2, U16: 2 },
  ...{ I8: 1, U8: 1, BOOL: 1, F8_E4M3: 1, F8_E5M2: 1 },
}));

/** What is wrong with an element type that cannot be read. */
export function unreadable(dtype: unknown): string {
  return `element type ${JSON.stringify(dtype ?? null)} is not supported (F32, F16 and BF16 are)`;
}

/** One tensor of a safetensors file. `offset` counts from the start of the file. */
export interface SafetensorsEntry {
  readonly name: string;
  /** One of the format's; not all of them can be read (`SafetensorsDtype`). */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly byteLength: number;
}

/** The format's own limit on the header. */
const MAX_HEADER_BYTES = 100_000_000;

/**
 * The tensor table of one safetensors file, every length and offset checked against the file.
 *
 * Format: 8 bytes header length (little-endian), JSON header, tensor bytes without gaps.
 * Throws `UserError` naming the file and the tensor.
 */
export async function readSafetensorsHeader(path: string): Promise<SafetensorsEntry[]> {
  const size = await fileSize(path);
  if (size < 8) throw new UserError(`${path}: is no safetensors file (only ${size} bytes)`);
  const prefix = await readRange(path, 0, 8);
  const declared = new DataView(prefix.buffer).getBigUint64(0, true);
  if (declared > BigInt(MAX_HEADER_BYTES) || Number(declared) > size - 8) {
    throw new UserError(
      `${path}: is truncated or no safetensors file (header of ${declared} bytes in a file of ${size})`,
    );
  }
  const headerLength = Number(declared);
  const header = parseHeader(path, await readRange(path, 8, headerLength));
  const dataStart = 8 + headerLength;
  const dataLength = size - dataStart;
  const entries = Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, entry]) => parseEntry(path, name, entry, dataStart, dataLength));
  checkLayout(path, entries, dataStart, dataLength);
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function parseHeader(path: string, bytes: Uint8Array): Record<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new UserError(`${path}: safetensors header is not UTF-8 (${messageOf(error)})`);
  }
  return parseJsonObject(text, `${path}: safetensors header`);
}

function parseEntry(
  path: string,
  name: string,
  value: unknown,
  dataStart: number,
  dataLength: number,
): SafetensorsEntry {
  const fail = (problem: string): never => {
    throw new UserError(`${path}: tensor "${name}": ${problem}`);
  };
  const isSize = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  const itemBytes = ITEM_BYTES.get(dtype);
  if (itemBytes === undefined) return fail(unreadable(dtype));
  if (!Array.isArray(shape) || shape.length > 8 || !shape.every(isSize)) {
    return fail(`shape ${JSON.stringify(shape ?? null)} is not a list of sizes`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    return fail(`data_offsets ${JSON.stringify(offsets ?? null)} are not two byte positions`);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > dataLength) {
    return fail(`bytes ${begin} to ${end} lie outside the file's ${dataLength} bytes of data`);
  }
  const expected = shape.reduce((product, n) => product * n, itemBytes);
  if (expected !== end - begin) {
    return fail(
      `shape [${shape}] of ${dtype} needs ${expected} bytes, but ${end - begin} are given`,
    );
  }
  return {
    name,
    dtype: dtype as string,
    shape: shape as number[],
    offset: dataStart + begin,
    byteLength: end - begin,
  };
}

/** The format allows neither overlaps nor gaps nor bytes after the last tensor. */
function checkLayout(
  path: string,
  entries: readonly SafetensorsEntry[],
  dataStart: number,
  dataLength: number,
): void {
  let position = dataStart;
  const inFileOrder = entries.toSorted((a, b) =>
    a.offset - b.offset || a.byteLength - b.byteLength
  );
  for (const entry of inFileOrder) {
    if (entry.offset !== position) {
      const how = entry.offset < position ? "overlaps the tensor before it" : "follows a gap";
      throw new UserError(`${path}: tensor "${entry.name}" ${how} at byte ${entry.offset}`);
    }
    position += entry.byteLength;
  }
  const unused = dataStart + dataLength - position;
  if (unused > 0) throw new UserError(`${path}: ${unused} bytes after the last tensor`);
}
