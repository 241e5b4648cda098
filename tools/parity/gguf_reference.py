"""GGUF tensor blocks and what ggml's Python reference makes of them, bit for bit."""

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
from gguf.quants import dequantize

from common import output_folder, write_json

TYPES = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q4_K", "Q6_K"]
# Offsets of the halves in a block; random bits there could be infinite.
HALVES = {"Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q4_K": [0, 2], "Q6_K": [208]}


def random_blocks(name, count, rng):
    """Random bytes with finite values; the last block's halves are subnormal."""
    size, nbytes = GGML_QUANT_SIZES[GGMLQuantizationType[name]]
    if size == 1:
        values = (rng.standard_normal(count * 8) * 10.0 ** rng.integers(-6, 5, count * 8)).astype(np.float32)
        if name == "F32":
            return values.view(np.uint8)
        if name == "F16":
            return values.clip(-6e4, 6e4).astype(np.float16).view(np.uint8)
        return (values.view(np.uint32) >> 16).astype(np.uint16).view(np.uint8)
    blocks = rng.integers(0, 256, (count, nbytes), dtype=np.uint8)
    for offset in HALVES[name]:
        halves = rng.standard_normal(count).astype(np.float16)
        halves[-1] = np.float16(3e-7)
        blocks[:, offset : offset + 2] = halves[:, None].view(np.uint8)
    return blocks.reshape(-1)


def main():
    out = output_folder(__doc__)
    rng = np.random.default_rng(0)
    cases = []
    for name in TYPES:
        data = random_blocks(name, 4, rng)
        values = dequantize(data, GGMLQuantizationType[name]).astype(np.float32)
        cases.append({"type": name, "bytes": data.tobytes().hex(), "values": values.tobytes().hex()})
    write_json(out / "gguf_blocks.json", cases)


if __name__ == "__main__":
    main()
