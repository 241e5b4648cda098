"""A plain PyTorch training loop of direct alignment losses, written out so that nothing is hidden."""

import copy

import torch
import torch.nn.functional as F

from common import token_logps

BETAS, EPS, WEIGHT_DECAY, MAX_NORM = (0.9, 0.999), 1e-8, 0.01, 1.0


def pair_logps(model, pairs):
    """Completion log-probabilities of each pair, chosen and rejected, [B] each."""
    sides = [
        torch.stack([token_logps(model, pair["prompt"], pair[side]).sum() for pair in pairs])
        for side in ("chosen", "rejected")
    ]
    return sides[0], sides[1]


def padded_pair_logps(model, pairs):
    """The same from one right-padded batch, [B] each."""
    rows = [pair["prompt"] + pair[side] for side in ("chosen", "rejected") for pair in pairs]
    starts = [len(pair["prompt"]) for pair in pairs] * 2
    width = max(map(len, rows))
    ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])  # [2B, T]
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits[:, :-1]
    logps = F.log_softmax(logits, dim=-1).gather(2, ids[:, 1:, None])[:, :, 0]  # [2B, T - 1]
    positions = torch.arange(1, width)
    counted = (positions >= torch.tensor(starts)[:, None]) & (mask[:, 1:] == 1)
    return (logps * counted).sum(1).chunk(2)


def pair_losses(name, policy, reference, pairs):
    """Losses and margins of each pair, [B] each; `name` and the constants are documented in the README."""
    delta = (policy[0] - reference[0]) - (policy[1] - reference[1])
    lengths = [
        torch.tensor([float(len(pair[side])) for pair in pairs]) for side in ("chosen", "rejected")
    ]
    if name == "dpo":
        return -F.logsigmoid(0.1 * delta), 0.1 * delta
    if name == "dpo_nll":
        return -F.logsigmoid(0.1 * delta) - 0.3 * policy[0] / lengths[0], 0.1 * delta
    if name == "ipo":
        return (delta - 1 / (2 * 0.1)) ** 2, 0.1 * delta
    if name == "slic":
        return torch.relu(1 - 0.1 * delta), 0.1 * delta
    if name == "simpo":
        margin = 2.0 * (policy[0] / lengths[0] - policy[1] / lengths[1])
        return -F.logsigmoid(margin - 0.25 * 2.0), margin
    raise ValueError(name)


def warmed_up(lr, warmup, steps):
    """Learning rate of each step: lr * min(1, t / warmup), t counted from 1."""
    return [lr * min(1.0, t / max(1, warmup)) for t in range(1, steps + 1)]


def reference_of(model):
    """A frozen copy of the model."""
    return copy.deepcopy(model).eval().requires_grad_(False)


def train(
    model, batches, rates, loss="dpo", micro_pairs=None, reference=None, logps_of=pair_logps,
    fixed=None,
):
    """
    One AdamW update a batch, the loss averaged over the batch's pairs; returns what each step saw.

    With `micro_pairs`, the batch's gradient is accumulated over parts of that many pairs. With `fixed`,
    every batch is the same and these are its reference log-probabilities.
    """
    reference = reference or (None if fixed else reference_of(model))
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(parameters, betas=BETAS, eps=EPS, weight_decay=WEIGHT_DECAY)
    steps = []
    for batch, rate in zip(batches, rates, strict=True):
        optimiser.param_groups[0]["lr"] = rate
        optimiser.zero_grad(set_to_none=True)
        size = micro_pairs or len(batch)
        seen = {"losses": [], "chosen": [], "rejected": [], "margins": []}
        for start in range(0, len(batch), size):
            part = batch[start : start + size]
            policy = logps_of(model, part)
            with torch.no_grad():
                base = fixed or logps_of(reference, part)
            losses, margins = pair_losses(loss, policy, base, part)
            (losses.sum() / len(batch)).backward()
            for key, values in zip(seen, (losses, *policy, margins), strict=True):
                seen[key].append(values.detach())
        norm = torch.nn.utils.clip_grad_norm_(parameters, MAX_NORM)
        optimiser.step()
        mean = {key: torch.cat(values).double().mean().item() for key, values in seen.items()}
        steps.append({
            "learningRate": rate, "loss": mean["losses"], "gradientNorm": norm.item(),
            "chosenLogp": mean["chosen"], "rejectedLogp": mean["rejected"],
            "margin": mean["margins"],
        })
    return steps


def final_logps(model, pairs):
    """Log-probabilities of every pair after training."""
    with torch.no_grad():
        chosen, rejected = pair_logps(model, pairs)
    return {"chosenLogps": chosen, "rejectedLogps": rejected}


def largest_difference(a, b):
    """The largest |a - b| of each recorded number over the steps of two trajectories."""
    return {key: max(abs(x[key] - y[key]) for x, y in zip(a, b, strict=True)) for key in a[0]}
