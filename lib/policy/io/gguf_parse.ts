import { gguf } from "@huggingface/gguf";
import { foreignMessage } from "../../files/foreign_error.ts";
import type { ParsedGguf } from "./gguf_header.ts";

/**
 * The head of a GGUF file. Only for `readInSandbox`: counts that a damaged file claims decide how
 * much memory is asked for.
 *
 * @throws {Error} if it is no whole GGUF head
 */
export async function* parseGguf(path: string): AsyncGenerator<ParsedGguf> {
  let parsed: Awaited<ReturnType<typeof gguf>>;
  try {
    parsed = await gguf(path, { allowLocalFile: true });
  } catch (error) {
    throw new Error(`is truncated or no GGUF file (${foreignMessage(error)})`);
  }
  const { metadata, tensorInfos, tensorInfoByteRange, tensorDataOffset, littleEndian } = parsed;
  yield {
    metadata: metadata as Record<string, unknown>,
    tensorInfos,
    tensorInfoByteRange: [...tensorInfoByteRange] as [number, number],
    tensorDataOffset,
    littleEndian,
  };
}
