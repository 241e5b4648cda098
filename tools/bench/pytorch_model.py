"""What PyTorch's tasks do with a model: load it, score completions, respond to prompts."""

import os

import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM
from transformers.utils import logging

THREADS = int(os.environ["OMP_NUM_THREADS"])
torch.set_num_threads(THREADS)
logging.set_verbosity_error()
logging.disable_progress_bar()
# Sequences that a scoring pass takes, and prompts are padded with, on this side.
SCORE_BATCH, PAD = 64, 0


def load_model(folder):
    """The checkpoint in float32, with PyTorch's scaled-dot-product attention."""
    return AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="sdpa"
    )


def rows_of(pairs):
    """(prompt, completion) of all chosen, then of all rejected."""
    return [(pair["prompt"], pair[side]) for side in ("chosen", "rejected") for pair in pairs]


def padded(rows):
    """
    Ids [B, T] padded on the right to the longest row, which rows are completions (flat), and their
    targets. No attention mask: padding on the right is never seen under a causal mask.
    """
    width = max(len(prompt) + len(completion) for prompt, completion in rows)
    ids = torch.full((len(rows), width), PAD)
    counted = torch.zeros(len(rows), width, dtype=torch.bool)
    for i, (prompt, completion) in enumerate(rows):
        ids[i, : len(prompt) + len(completion)] = torch.tensor(prompt + completion)
        counted[i, len(prompt) - 1 : len(prompt) + len(completion) - 1] = True
    return ids, counted, torch.tensor([token for _, completion in rows for token in completion])


def base_of(model):
    """The causal language model inside PEFT's wrapper, or the model itself."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def completion_logps(model, batch):
    """Summed log-probabilities of the completions, [B]; logits of completion tokens only."""
    ids, counted, targets = batch
    causal = base_of(model)
    hidden = causal.model(input_ids=ids, use_cache=False).last_hidden_state[counted]
    logps = -F.cross_entropy(causal.lm_head(hidden), targets, reduction="none")
    owner = counted.nonzero()[:, 0]
    return torch.zeros(len(ids)).index_add(0, owner, logps)


@torch.no_grad()
def score(model, rows):
    """Summed log-probabilities of (prompt, completion) rows, similar lengths together."""
    order = sorted(range(len(rows)), key=lambda i: len(rows[i][0]) + len(rows[i][1]))
    out = torch.zeros(len(rows))
    for at in range(0, len(order), SCORE_BATCH):
        members = order[at : at + SCORE_BATCH]
        out[members] = completion_logps(model, padded([rows[i] for i in members]))
    return out


@torch.no_grad()
def respond(model, prompts, new_tokens, responses=1, **rule):
    """Ids of the new tokens, [prompts * responses, new_tokens]; prompts padded on the left."""
    width = max(map(len, prompts))
    ids = torch.tensor([[PAD] * (width - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts])
    made = model.generate(
        input_ids=ids, attention_mask=mask, max_new_tokens=new_tokens, eos_token_id=None,
        pad_token_id=PAD, num_return_sequences=responses, **rule,
    )
    return made[:, width:]


SAMPLED = {"do_sample": True, "temperature": 1.0, "top_k": 0, "top_p": 1.0}
