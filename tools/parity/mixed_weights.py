"""
Weights and directions that need no file: element i (row-major) of the tensor called `name` is
(h(i) / 2^32 - 0.5) * scale, where h is MurmurHash3's 32-bit finaliser of i + 2654435769 * s (mod
2^32), and s is the FNV-1a hash of the name. In float64, rounded to float32.
`tests/parity/mixed_weights.ts` makes the same ones.
"""

import numpy as np
import torch


def mixed(name, shape, scale):
    """A tensor of numbers in [-scale / 2, scale / 2)."""
    seed = 2166136261
    for byte in name.encode():
        seed = ((seed ^ byte) * 16777619) % 2**32
    size = int(np.prod(shape))
    with np.errstate(over="ignore"):
        h = np.arange(size, dtype=np.uint32) + np.uint32(2654435769 * seed % 2**32)
        h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
        h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
        h = h ^ (h >> np.uint32(16))
    values = (h.astype(np.float64) / 2**32 - 0.5) * scale
    return torch.from_numpy(values.astype(np.float32)).reshape(shape)


def initial(name, shape):
    """A parameter's value: norms around 1, biases around 0, tables and matrices scaled by width."""
    if len(shape) == 1:
        values = mixed(name, shape, 0.6)
        return values + 1 if name.endswith(".weight") else values
    return mixed(name, shape, 2.0 if "embed_in" in name or "embed_tokens" in name else 5 / shape[1] ** 0.5)


def named_parameters(model):
    """A model's parameters under their names in files: transformers 5 renames GPT-NeoX's head."""
    neox = model.config.model_type == "gpt_neox"
    for name, parameter in model.named_parameters():
        yield ("embed_out.weight" if neox and name == "lm_head.weight" else name), parameter


def fill(model):
    """Puts these weights into a model."""
    with torch.no_grad():
        for name, parameter in named_parameters(model):
            parameter.copy_(initial(name, tuple(parameter.shape)))
