"""Writes tests/losses/trl_losses.json: losses and gradients computed by TRL's own code.

Run it in an environment with torch and trl (1.16.0 made the committed file):

    python tools/parity/loss_reference.py --out tests/losses

TRL computes its losses inside its trainers, on the outputs of a model. Here the trainer's method
runs unchanged on a stub of the trainer, and the model is a stub that returns given per-token
log-probabilities. One pair a call gives the loss of each pair; autograd through the stub's
log-probabilities gives the gradient in their sum.
"""

import collections
import json
import types
import warnings

import torch
import trl
from trl.experimental.cpo.cpo_trainer import CPOTrainer
from trl.experimental.orpo.orpo_trainer import ORPOTrainer
from trl.trainer.dpo_trainer import DPOTrainer
from trl.trainer.kto_trainer import KTOTrainer

from common import output_folder

# (policy chosen, policy rejected, reference chosen, reference rejected, |chosen|, |rejected|)
PAIRS = [
    (-12.5, -14.25, -12.5, -14.25, 7, 9),  # policy = reference
    (-10.25, -21.5, -12.0, -18.75, 6, 11),  # agrees with the label
    (-33.0, -17.125, -25.5, -19.0, 12, 8),  # disagrees with it
    (-0.03125, -2.5, -0.5, -1.75, 1, 1),  # one token each
    (-250.0, -1200.5, -310.25, -900.75, 100, 400),  # long, far beyond every margin
    (-1100.0, -260.0, -800.0, -330.5, 380, 90),  # long, far on the wrong side
]


class Anything:
    """Stands for objects that the loss does not depend on: progress, metrics, gathering."""

    device = torch.device("cpu")
    training = True

    def gather(self, value):
        return value

    gather_for_metrics = gather


def dpo_trainer_loss(loss_type, beta, label_smoothing, pair, policy_tokens):
    """DPOTrainer._compute_loss on one pair, given [2, T] per-token log-probabilities."""
    _, _, reference_chosen, reference_rejected, chosen_length, rejected_length = pair
    total = 1 + policy_tokens.shape[1]  # one prompt token
    completion_mask = torch.zeros(2, total, dtype=torch.long)
    completion_mask[0, 1 : 1 + chosen_length] = 1
    completion_mask[1, 1 : 1 + rejected_length] = 1
    zeros = torch.zeros_like(policy_tokens).detach()
    outputs = types.SimpleNamespace(
        log_probs=policy_tokens, entropy=zeros, mean_logits=zeros, is_top1=zeros.bool()
    )
    stub = types.SimpleNamespace(
        model=Anything(),
        accelerator=Anything(),
        aux_loss_enabled=False,
        ld_alpha=None,
        precompute_ref_logps=True,
        f_divergence_type="reverse_kl",
        loss_types=[loss_type],
        loss_weights=[1.0],
        beta=beta,
        label_smoothing=label_smoothing,
        use_weighting=False,
        _metrics={"train": collections.defaultdict(list)},
        _total_train_tokens=0,
        _tp_size=1,
    )
    inputs = {
        "input_ids": torch.zeros(2, total, dtype=torch.long),
        "attention_mask": torch.ones(2, total, dtype=torch.long),
        "completion_mask": completion_mask,
        "ref_chosen_logps": torch.tensor([reference_chosen], dtype=torch.float64),
        "ref_rejected_logps": torch.tensor([reference_rejected], dtype=torch.float64),
    }
    return DPOTrainer._compute_loss(stub, lambda **_: outputs, inputs, return_outputs=False)


def per_token(chosen, rejected, pair):
    """[2, T] log-probabilities whose sums are `chosen` and `rejected`; padding is 0, as in TRL."""
    chosen_length, rejected_length = pair[4:]
    total = max(chosen_length, rejected_length)
    rows = [
        torch.cat([(value / n).repeat(n), torch.zeros(total - n, dtype=torch.float64)])
        for value, n in ((chosen, chosen_length), (rejected, rejected_length))
    ]
    return torch.stack(rows)


def dpo_case(name, options, loss_type, beta, label_smoothing=0.0):
    def loss(pair, chosen, rejected):
        return dpo_trainer_loss(loss_type, beta, label_smoothing, pair, per_token(chosen, rejected, pair))

    return case(name, options, f"DPOTrainer loss_type={loss_type}", loss)


def cpo_case(
    name, options, loss_type, beta, simpo_gamma=0.0, label_smoothing=0.0, nll=0.0, inputs="average"
):
    """CPOTrainer.cpo_loss plus `nll` times the chosen NLL, per token where inputs is not "slic".

    `inputs` is what the loss is given: log-probabilities averaged over tokens (what the trainer does
    for SimPO), their sums (CPO, SLiC), or log-ratios with the reference, which makes the
    reference-free losses those of DPO's family.
    """
    stub = types.SimpleNamespace(
        alpha=0.0,
        loss_type=loss_type,
        beta=beta,
        simpo_gamma=simpo_gamma,
        label_smoothing=label_smoothing,
        accelerator=Anything(),
    )

    def loss(pair, chosen, rejected):
        scale = pair[4:] if inputs == "average" else (1, 1)
        shift = pair[2:4] if inputs == "log-ratio" else (0, 0)
        losses, _, _ = CPOTrainer.cpo_loss(
            stub,
            ((chosen - shift[0]) / scale[0]).reshape(1),
            ((rejected - shift[1]) / scale[1]).reshape(1),
        )
        # The trainer adds the mean cross-entropy of the chosen tokens, cpo_alpha times.
        return losses[0] - nll * chosen / (1 if inputs == "slic" else pair[4])

    return case(name, options, f"CPOTrainer loss_type={loss_type} inputs={inputs}", loss)


def orpo_case(name, options, beta):
    """ORPOTrainer.odds_ratio_loss, which works in float32, subtracted from the mean NLL."""
    stub = types.SimpleNamespace(beta=beta, accelerator=Anything())

    def loss(pair, chosen, rejected):
        losses, *_ = ORPOTrainer.odds_ratio_loss(
            stub, (chosen / pair[4]).reshape(1), (rejected / pair[5]).reshape(1)
        )
        return -chosen / pair[4] - losses[0].double()

    return case(name, options, "ORPOTrainer (float32)", loss)


def kto_case(name, options, beta, desirable, undesirable):
    """Twice KTOTrainer._compute_loss on the two responses of a pair: it averages over responses.

    The mismatched log-ratios average to the reference point 0.75.
    """

    def loss(pair, chosen, rejected):
        tokens = per_token(chosen, rejected, pair)
        total = 1 + tokens.shape[1]
        completion_mask = torch.zeros(2, total, dtype=torch.long)
        for row, length in enumerate(pair[4:]):
            completion_mask[row, 1 : 1 + length] = 1
        zeros = torch.zeros_like(tokens).detach()
        outputs = types.SimpleNamespace(log_probs=tokens, entropy=zeros, mean_logits=zeros)
        stub = types.SimpleNamespace(
            model=Anything(),
            accelerator=Anything(),
            aux_loss_enabled=False,
            precompute_ref_logps=True,
            calculate_KL=True,
            loss_type="kto",
            beta=beta,
            desirable_weight=desirable,
            undesirable_weight=undesirable,
            _compute_kl_logps=lambda model, batch: torch.tensor([-10.0, -9.5], dtype=torch.float64),
            _metrics={"train": collections.defaultdict(list)},
            _total_train_tokens=0,
            _tp_size=1,
        )
        inputs = {
            "input_ids": torch.zeros(2, total, dtype=torch.long),
            "attention_mask": torch.ones(2, total, dtype=torch.long),
            "completion_mask": completion_mask,
            "label": torch.tensor([True, False]),
            "ref_logps": torch.tensor(pair[2:4], dtype=torch.float64),
            "ref_KL_logps": torch.tensor([-11.5, -9.5], dtype=torch.float64),
        }
        return 2 * KTOTrainer._compute_loss(stub, lambda **_: outputs, inputs, return_outputs=False)

    return case(name, options, "KTOTrainer loss_type=kto", loss)


def case(name, options, source, loss):
    rows = []
    for pair in PAIRS:
        chosen, rejected = (
            torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in pair[:2]
        )
        value = loss(pair, chosen, rejected)
        value.backward()
        rows.append([value.item(), chosen.grad.item(), rejected.grad.item()])
    return {"loss": name, "options": options, "source": source, "rows": rows}


def main():
    warnings.simplefilter("ignore")
    cases = [
        dpo_case("dpo", {"beta": 0.1}, "sigmoid", 0.1),
        dpo_case("dpo", {"beta": 0.5}, "sigmoid", 0.5),
        dpo_case("slic", {"beta": 0.1}, "hinge", 0.1),
        dpo_case("ipo", {"tau": 0.1, "average": True}, "ipo", 0.1),
        dpo_case("ipo", {"tau": 0.4, "average": True}, "ipo", 0.4),
        dpo_case("rdpo", {"beta": 0.1, "epsilon": 0.1}, "robust", 0.1, 0.1),
        dpo_case("rdpo", {"beta": 0.3, "epsilon": 0.4}, "robust", 0.3, 0.4),
        dpo_case("length-normalised-dpo", {"beta": 5.0}, "sigmoid_norm", 5.0),
        cpo_case("simpo", {"beta": 2.0, "gammaMarginRatio": 0.25}, "simpo", 2.0, simpo_gamma=0.5),
        cpo_case("simpo", {"beta": 10.0, "gammaMarginRatio": 0.3}, "simpo", 10.0, simpo_gamma=3.0),
        cpo_case("cpo", {"beta": 0.1, "alpha": 1.0}, "sigmoid", 0.1, nll=1.0, inputs="sum"),
        cpo_case("ipo", {"tau": 0.1, "average": False}, "ipo", 0.1, inputs="log-ratio"),
        cpo_case(
            "cdpo", {"beta": 0.1, "epsilon": 0.2}, "sigmoid", 0.1, label_smoothing=0.2, inputs="log-ratio"
        ),
        cpo_case("slic-hf", {"margin": 1.0, "lambda": 0.1}, "hinge", 1.0, nll=0.1, inputs="slic"),
        orpo_case("orpo", {"lambda": 0.1}, 0.1),
        kto_case("kto", {"beta": 0.1}, 0.1, 1.0, 1.0),
        kto_case(
            "kto", {"beta": 0.3, "desirableWeight": 1.5, "undesirableWeight": 0.5}, 0.3, 1.5, 0.5
        ),
    ]
    columns = ["loss", "d loss / d policy chosen logp", "d loss / d policy rejected logp"]
    reference = {
        "trl": trl.__version__,
        "torch": torch.__version__.split("+")[0],
        "pairs": PAIRS,
        "columns": columns,
        "cases": cases,
    }
    output = output_folder(__doc__) / "trl_losses.json"
    output.write_text(json.dumps(reference, indent=2) + "\n")


if __name__ == "__main__":
    main()
