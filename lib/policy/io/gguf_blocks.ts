import { GGMLQuantizationType } from "@huggingface/gguf";
import { decodeBf16, decodeF16, f16Values } from "./half.ts";

/** A tensor encoding of ggml: `blockBytes` bytes hold `blockSize` values. */
export interface GgmlEncoding {
  readonly name: string;
  readonly blockSize: number;
  readonly blockBytes: number;
  /** Values of whole blocks, equal to ggml's `dequantize_row_*` bit for bit. */
  readonly decode: (bytes: Uint8Array) => Float32Array;
}

/** Encodes one block: reads at `offset`, writes `blockSize` values at `at`. */
type DecodeBlock = (
  bytes: Uint8Array,
  offset: number,
  out: Float32Array,
  at: number,
  half: (offset: number) => number,
) => void;

function blocks(
  name: string,
  blockSize: number,
  blockBytes: number,
  decodeBlock: DecodeBlock,
): GgmlEncoding {
  const decode = (bytes: Uint8Array): Float32Array => {
    const halves = f16Values();
    const half = (offset: number) => halves[bytes[offset]! | (bytes[offset + 1]! << 8)]!;
    const count = bytes.length / blockBytes;
    const out = new Float32Array(count * blockSize);
    for (let b = 0; b < count; b++) decodeBlock(bytes, b * blockBytes, out, b * blockSize, half);
    return out;
  };
  return { name, blockSize, blockBytes, decode };
}

// Layouts: ggml/src/ggml-common.h; arithmetic: ggml/src/ggml-quants.c. Every product of a half
// and small integers is exact in double, so rounding once on the store gives ggml's float result.

/** Half d, 16 bytes of nibbles (low nibbles first): (q - 8) d. */
const Q4_0 = blocks("Q4_0", 32, 18, (bytes, offset, out, at, half) => {
  const d = half(offset);
  for (let i = 0; i < 16; i++) {
    const q = bytes[offset + 2 + i]!;
    out[at + i] = ((q & 15) - 8) * d;
    out[at + 16 + i] = ((q >> 4) - 8) * d;
  }
});

/** Halves d and m, 16 bytes of nibbles: q d + m. */
const Q4_1 = blocks("Q4_1", 32, 20, (bytes, offset, out, at, half) => {
  const d = half(offset);
  const m = half(offset + 2);
  for (let i = 0; i < 16; i++) {
    const q = bytes[offset + 4 + i]!;
    out[at + i] = (q & 15) * d + m;
    out[at + 16 + i] = (q >> 4) * d + m;
  }
});

/** Half d, 32 signed bytes: q d. */
const Q8_0 = blocks("Q8_0", 32, 34, (bytes, offset, out, at, half) => {
  const d = half(offset);
  for (let i = 0; i < 32; i++) out[at + i] = ((bytes[offset + 2 + i]! << 24) >> 24) * d;
});

/** Halves d and dmin, 8 six-bit scales and mins in 12 bytes, 128 bytes of nibbles. */
const Q4_K = blocks("Q4_K", 256, 144, (bytes, offset, out, at, half) => {
  const d = half(offset);
  const dmin = half(offset + 2);
  const packed = offset + 4;
  for (let group = 0; group < 8; group++) {
    const high = packed + group;
    const scale = group < 4
      ? bytes[high]! & 63
      : (bytes[high + 4]! & 15) | ((bytes[high - 4]! >> 6) << 4);
    const min = group < 4
      ? bytes[high + 4]! & 63
      : (bytes[high + 4]! >> 4) | ((bytes[high]! >> 6) << 4);
    const quants = offset + 16 + (group >> 1) * 32;
    const shift = (group & 1) * 4;
    for (let i = 0; i < 32; i++) {
      const q = (bytes[quants + i]! >> shift) & 15;
      out[at + group * 32 + i] = d * scale * q - dmin * min;
    }
  }
});

/** 128 bytes of low nibbles, 64 of high bit pairs, 16 signed scales, half d: d s (q - 32). */
const Q6_K = blocks("Q6_K", 256, 210, (bytes, offset, out, at, half) => {
  const d = half(offset + 208);
  for (let n = 0; n < 2; n++) {
    const low = offset + n * 64;
    const high = offset + 128 + n * 32;
    const scales = offset + 192 + n * 8;
    for (let quarter = 0; quarter < 4; quarter++) {
      for (let i = 0; i < 32; i++) {
        const nibble = (bytes[low + (quarter & 1) * 32 + i]! >> ((quarter >> 1) * 4)) & 15;
        const q = (nibble | (((bytes[high + i]! >> (2 * quarter)) & 3) << 4)) - 32;
        const scale = (bytes[scales + quarter * 2 + (i >> 4)]! << 24) >> 24;
        out[at + n * 128 + quarter * 32 + i] = d * scale * q;
      }
    }
  }
});

const F32: GgmlEncoding = {
  name: "F32",
  blockSize: 1,
  blockBytes: 4,
  decode: (bytes) => new Float32Array(bytes.slice().buffer),
};
const F16: GgmlEncoding = { name: "F16", blockSize: 1, blockBytes: 2, decode: decodeF16 };
const BF16: GgmlEncoding = { name: "BF16", blockSize: 1, blockBytes: 2, decode: decodeBf16 };

/** The encodings that can be read, by ggml's type number. */
export const GGML_ENCODINGS: ReadonlyMap<number, GgmlEncoding> = new Map([
  [GGMLQuantizationType.F32, F32],
  [GGMLQuantizationType.F16, F16],
  [GGMLQuantizationType.BF16, BF16],
  [GGMLQuantizationType.Q8_0, Q8_0],
  [GGMLQuantizationType.Q4_0, Q4_0],
  [GGMLQuantizationType.Q4_1, Q4_1],
  [GGMLQuantizationType.Q4_K, Q4_K],
  [GGMLQuantizationType.Q6_K, Q6_K],
]);
