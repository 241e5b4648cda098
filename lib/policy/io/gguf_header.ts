import { GGMLQuantizationType } from "@huggingface/gguf";
import { UserError } from "../../errors.ts";
import { readInSandbox } from "../../files/sandbox.ts";
import { fileSize } from "./files.ts";
import { GGML_ENCODINGS, type GgmlEncoding } from "./gguf_blocks.ts";

/** One tensor of a GGUF. `shape` is row-major (the reverse of ggml's order). */
export interface GgufTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly encoding: GgmlEncoding;
  /** From the start of the file. */
  readonly offset: number;
  readonly byteLength: number;
}

/** What the head of a GGUF file says. */
export interface GgufHeader {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

/** What `@huggingface/gguf` makes of the head of a file. */
export interface ParsedGguf {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly tensorInfos: readonly TensorInfo[];
  readonly tensorInfoByteRange: readonly [number, number];
  readonly tensorDataOffset: bigint;
  readonly littleEndian: boolean;
}

interface TensorInfo {
  readonly name: string;
  readonly shape: readonly bigint[];
  readonly dtype: number;
  readonly offset: bigint;
}

/** ggml wants a power of two; nothing is known to need more. */
const MAX_ALIGNMENT = 65536;

/**
 * Metadata and tensor table of a GGUF file, every offset and length checked against the file's
 * size. Throws `UserError` naming the file and the tensor.
 */
export async function readGgufHeader(path: string): Promise<GgufHeader> {
  const size = await fileSize(path);
  const parsed = await parseInSandbox(path);
  return checkGguf(path, size, parsed);
}

async function parseInSandbox(path: string): Promise<ParsedGguf> {
  for await (const parsed of readInSandbox(new URL("./gguf_reader.ts", import.meta.url), path)) {
    return parsed as ParsedGguf;
  }
  throw new UserError(`${path}: the reader of GGUF files ended without a result`);
}

/** Checks every offset and length that a file of `size` bytes claims. */
export function checkGguf(path: string, size: number, parsed: ParsedGguf): GgufHeader {
  if (!parsed.littleEndian) throw new UserError(`${path}: big-endian GGUF is not supported`);
  // The parser pads what it reads past the end with zeros, so a cut header shows up only here.
  const headerEnd = parsed.tensorInfoByteRange[1];
  if (headerEnd > size) {
    throw new UserError(
      `${path}: is truncated (header of ${headerEnd} bytes in a file of ${size})`,
    );
  }
  const alignment = Number(parsed.metadata["general.alignment"] ?? 32);
  if (!(alignment >= 1 && alignment <= MAX_ALIGNMENT && Number.isInteger(Math.log2(alignment)))) {
    throw new UserError(
      `${path}: general.alignment ${alignment} is no power of two up to ${MAX_ALIGNMENT}`,
    );
  }
  const tensors = new Map<string, GgufTensor>();
  for (const info of parsed.tensorInfos) {
    if (tensors.has(info.name)) throw new UserError(`${path}: tensor "${info.name}" appears twice`);
    tensors.set(info.name, checkTensor(path, info, Number(parsed.tensorDataOffset), size));
  }
  checkOverlaps(path, [...tensors.values()]);
  return { metadata: parsed.metadata, tensors };
}

function checkTensor(path: string, info: TensorInfo, dataStart: number, size: number): GgufTensor {
  const fail = (problem: string): never => {
    throw new UserError(`${path}: tensor "${info.name}": ${problem}`);
  };
  if (info.name === "") fail("has no name; the header is damaged");
  const encoding = GGML_ENCODINGS.get(info.dtype);
  if (encoding === undefined) {
    const name = GGMLQuantizationType[info.dtype] ?? `number ${info.dtype}`;
    const known = [...GGML_ENCODINGS.values()].map((e) => e.name).join(", ");
    return fail(`type ${name} is not supported (${known} are)`);
  }
  const shape = info.shape.map(Number).reverse();
  const elements = shape.reduce((product, n) => product * n, 1);
  if (shape.length < 1 || shape.length > 4 || !(elements >= 1 && elements <= 2 ** 50)) {
    fail(`shape [${shape}] is not possible`);
  }
  const width = shape.at(-1)!;
  if (width % encoding.blockSize !== 0) {
    fail(`rows of ${width} values do not divide into blocks of ${encoding.blockSize}`);
  }
  const byteLength = elements / encoding.blockSize * encoding.blockBytes;
  const offset = dataStart + Number(info.offset);
  if (!(offset + byteLength <= size)) {
    fail(
      `[${shape}] of ${encoding.name} needs ${byteLength} bytes at ${offset}, beyond the file's ${size}`,
    );
  }
  return { name: info.name, shape, encoding, offset, byteLength };
}

function checkOverlaps(path: string, tensors: GgufTensor[]): void {
  tensors.sort((a, b) => a.offset - b.offset);
  for (let i = 1; i < tensors.length; i++) {
    const [previous, tensor] = [tensors[i - 1]!, tensors[i]!];
    if (tensor.offset < previous.offset + previous.byteLength) {
      throw new UserError(`${path}: tensor "${tensor.name}" overlaps "${previous.name}"`);
    }
  }
}
