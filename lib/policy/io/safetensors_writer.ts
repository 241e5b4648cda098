import { writeDurably } from "../../files/durable_file.ts";
import { bytesOf } from "../../files/fingerprint.ts";
import { encodeBf16, encodeF16 } from "./half.ts";
import { SAFETENSORS_ITEM_BYTES, type SafetensorsDtype } from "./safetensors_header.ts";

/** A tensor held in memory: row-major float32 values. */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * Writes tensors as one safetensors file, names sorted, with the metadata `{"format": "pt"}` that
 * transformers and PEFT expect. Equal tensors give equal bytes. The file appears whole or not at
 * all. `dtype` F16 and BF16 round to nearest.
 */
// deno-lint-ignore require-await -- reports through the promise
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, HostTensor>,
  options: { dtype?: SafetensorsDtype } = {},
): Promise<void> {
  const dtype = options.dtype ?? "F32";
  const names = [...tensors.keys()].sort();
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  let position = 0;
  for (const name of names) {
    const { shape, data } = tensors.get(name)!;
    const size = shape.reduce((product, n) => product * n, 1);
    if (size !== data.length) {
      throw new RangeError(
        `tensor "${name}": shape [${shape}] does not hold ${data.length} values`,
      );
    }
    const end = position + size * SAFETENSORS_ITEM_BYTES[dtype];
    header[name] = { dtype, shape, data_offsets: [position, end] };
    position = end;
  }
  const json = JSON.stringify(header);
  const text = new TextEncoder().encode(json);
  // Padded with spaces so that the data begin at a multiple of 8 bytes.
  const headerBytes = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(0x20);
  headerBytes.set(text);
  const prefix = new Uint8Array(8);
  new DataView(prefix.buffer).setBigUint64(0, BigInt(headerBytes.length), true);
  writeDurably(path, chunks());

  function* chunks(): Generator<Uint8Array<ArrayBuffer>> {
    yield prefix;
    yield headerBytes;
    for (const name of names) yield encode(tensors.get(name)!.data, dtype);
  }
}

function encode(values: Float32Array, dtype: SafetensorsDtype): Uint8Array<ArrayBuffer> {
  switch (dtype) {
    case "F32":
      return bytesOf(values as Float32Array<ArrayBuffer>);
    case "F16":
      return encodeF16(values);
    case "BF16":
      return encodeBf16(values);
  }
}
