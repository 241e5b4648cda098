import { GGMLQuantizationType } from "@huggingface/gguf";
import assert from "node:assert/strict";
import { GGML_ENCODINGS } from "../../../lib/policy/io/gguf_blocks.ts";

/** Made by tools/parity/gguf_reference.py with ggml's own Python package. */
const golden: { type: keyof typeof GGMLQuantizationType; bytes: string; values: string }[] = JSON
  .parse(await Deno.readTextFile(new URL("gguf_blocks.json", import.meta.url)));

for (const { type, bytes, values } of golden) {
  Deno.test(`${type} blocks decode bit for bit as ggml decodes them`, () => {
    const encoding = GGML_ENCODINGS.get(GGMLQuantizationType[type])!;
    assert.equal(encoding.name, type);
    const decoded = encoding.decode(Uint8Array.fromHex(bytes));
    assert.equal(decoded.length, bytes.length / 2 / encoding.blockBytes * encoding.blockSize);
    assert.equal(new Uint8Array(decoded.buffer).toHex(), values);
  });
}

Deno.test("every encoding has golden blocks", () => {
  const covered = golden.map(({ type }) => GGMLQuantizationType[type]);
  assert.deepEqual([...GGML_ENCODINGS.keys()].sort(), covered.sort());
});
