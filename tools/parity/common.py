"""Shared by the reference scripts: the output folder, number formats, log-probabilities, fixed data."""

import argparse
import json
import os
import random
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch
import torch.nn.functional as F
from transformers.utils import logging

# The committed values, or fresh ones that `deno task parity` is checking.
COMMITTED = Path(__file__).resolve().parents[2] / "tests" / "parity"
VALUES = Path(os.environ.get("SERA_PARITY_VALUES", COMMITTED))
# One thread: waiting threads make these small models many times slower on a busy machine.
THREADS = int(os.environ.get("SERA_PARITY_THREADS", "1"))
torch.set_num_threads(THREADS)
torch.use_deterministic_algorithms(True)
logging.disable_progress_bar()


def output_folder(description):
    """The folder of `--out`, created."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--out", required=True, type=Path, help="folder to write to")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    return out


def rounded(value):
    """Floats to 8 significant digits (float32 has about 7), tensors to nested lists."""
    if isinstance(value, torch.Tensor):
        return rounded(value.detach().tolist())
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item) for item in value]
    return float(f"{value:.8g}") if isinstance(value, float) else value


def pretty(value, indent=0):
    """JSON with lists of numbers on one line each."""
    pad = "  " * (indent + 1)
    if isinstance(value, dict) and value:
        rows = [f"{pad}{json.dumps(key)}: {pretty(item, indent + 1)}" for key, item in value.items()]
        return "{\n" + ",\n".join(rows) + "\n" + "  " * indent + "}"
    if isinstance(value, list) and any(isinstance(item, (list, dict)) for item in value):
        rows = [pad + pretty(item, indent + 1) for item in value]
        return "[\n" + ",\n".join(rows) + "\n" + "  " * indent + "]"
    return json.dumps(value, ensure_ascii=False)


def write_json(path, value):
    """Writes `value` as JSON, floats rounded."""
    path.write_text(pretty(rounded(value)) + "\n", encoding="utf-8")


def token_logps(model, prompt, completion):
    """Log-probabilities of the completion's tokens after the prompt, [len(completion)]."""
    ids = torch.tensor([prompt + completion])  # [1, P + C]
    logits = model(input_ids=ids, use_cache=False).logits[0, len(prompt) - 1 : -1]  # [C, V]
    return F.log_softmax(logits, dim=-1).gather(1, torch.tensor(completion)[:, None])[:, 0]


def greedy(model, prompt, new_tokens, stop_ids=()):
    """Greedy continuation by full forward passes, and the smallest lead of the best over the second logit."""
    ids, gap = list(prompt), float("inf")
    with torch.no_grad():
        for _ in range(new_tokens):
            logits = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1]
            top = logits.topk(2)
            gap = min(gap, (top.values[0] - top.values[1]).item())
            ids.append(top.indices[0].item())
            if ids[-1] in stop_ids:
                break
    return ids[len(prompt) :], gap


def random_pairs(seed, count, vocab=80, prompt=(3, 12), completion=(2, 14)):
    """
    Pairs of random token ids (3 and up), each completion ended by token 2. Something can be learned:
    four in five tokens of a chosen completion come from the lower half of the vocabulary, four in
    five of a rejected one from the upper half.
    """
    rng = random.Random(seed)
    middle = (3 + vocab) // 2

    def completion_ids(own, other):
        length = rng.randint(*completion)
        return [rng.randrange(*(own if rng.random() < 0.8 else other)) for _ in range(length)] + [2]

    lower, upper = (3, middle), (middle, vocab)
    return [
        {
            "prompt": [rng.randrange(3, vocab) for _ in range(rng.randint(*prompt))],
            "chosen": completion_ids(lower, upper),
            "rejected": completion_ids(upper, lower),
        }
        for _ in range(count)
    ]


def hashed_init(name, rows, columns, scale):
    """
    A matrix that any language can rebuild: element i (row-major) of the matrix called `name` is
    (h(i) / 2^32 - 0.5) * scale, where h(i) = ((i + 1) * 2654435761 + s) mod 2^32 and s is the sum of
    the name's character codes times 40503. Computed in float64, rounded to float32.
    """
    offset = sum(ord(character) for character in name) * 40503
    values = [
        ((((i + 1) * 2654435761 + offset) % 2**32) / 2**32 - 0.5) * scale
        for i in range(rows * columns)
    ]
    return torch.tensor(values, dtype=torch.float64).to(torch.float32).reshape(rows, columns)
