/**
 * Scalars as TensorBoard reads them: records of `Event` protocol buffers (tensorflow/core/util/
 * event.proto, lib/io/record_writer.h). Weights & Biases up to 0.29 imports the file, too
 * (`wandb sync --sync-tensorboard`).
 */

/** One value at one step. */
export interface Scalar {
  /** `train/loss`: what stands before the slash groups the charts. */
  readonly tag: string;
  readonly step: number;
  readonly value: number;
}

/**
 * An event file, with an event per step in the order of steps. The same scalars and time give the
 * same bytes.
 *
 * @param seconds of the first step, since 1970: TensorBoard shows when something was logged. Every
 * step is a millisecond after the one before, because Weights & Biases orders events by time alone
 */
export function eventFile(
  scalars: readonly Scalar[],
  seconds: number,
): Uint8Array<ArrayBuffer>[] {
  const version = new TextEncoder().encode("brain.Event:2");
  const steps = [...Map.groupBy(scalars, ({ step }) => step)].sort(([a], [b]) => a - b);
  return [
    record([...double(1, seconds), ...bytes(3, version)]),
    ...steps.map(([step, values], i) =>
      record([
        ...double(1, seconds + i / 1000),
        ...varint(2, step),
        ...bytes(5, values.flatMap(({ tag, value }) => bytes(1, summary(tag, value)))),
      ])
    ),
  ];
}

function summary(tag: string, value: number): number[] {
  return [...bytes(1, new TextEncoder().encode(tag)), ...float(2, value)];
}

/** Length, its checksum, the data, their checksum. */
function record(data: readonly number[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(data.length + 16);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(out.subarray(0, 8)), true);
  out.set(data, 12);
  view.setUint32(12 + data.length, masked(out.subarray(12, 12 + data.length)), true);
  return out;
}

function masked(data: Uint8Array): number {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** CRC-32C (Castagnoli), which zlib does not offer. */
export function crc32c(data: Uint8Array): number {
  let crc = ~0;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

// Fields of a protocol buffer: number and wire type, then the value.
function varint(field: number, value: number): number[] {
  return [field << 3, ...base128(value)];
}

function bytes(field: number, value: ArrayLike<number>): number[] {
  return [field << 3 | 2, ...base128(value.length), ...Array.from(value)];
}

function double(field: number, value: number): number[] {
  return [field << 3 | 1, ...new Uint8Array(Float64Array.of(value).buffer)];
}

function float(field: number, value: number): number[] {
  return [field << 3 | 5, ...new Uint8Array(Float32Array.of(value).buffer)];
}

function base128(value: number): number[] {
  const out: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) out.push(value % 128 | 128);
  return [...out, value];
}
