"""Runs TRL's own DPOTrainer on the tiny checkpoint and compares every step with the committed trajectory."""

import json
import tempfile

import torch
from datasets import Dataset, disable_progress_bars
from peft import PeftModel
from tokenizers import Tokenizer, models, pre_tokenizers
from torch.utils.data import SequentialSampler
from transformers import (
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    PrinterCallback,
    TrainerCallback,
)
from trl import DPOConfig, DPOTrainer

from common import VALUES
from updates import BETAS, EPS, MAX_NORM, WEIGHT_DECAY

TOLERANCE = {"loss": 1e-4, "gradientNorm": 1e-3, "margin": 1e-4, "chosenLogp": 1e-4}


def word_tokenizer(vocab=80):
    """Token i is written `t<i>`; the end of a sequence, token 2, is `</s>`."""
    words = {"</s>" if i == 2 else f"t{i}": i for i in range(vocab)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="t0"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>", pad_token="t0")


def as_text(pair):
    """The pair as TRL's standard format: explicit prompt, plain text."""
    words = lambda ids: " ".join(f"t{i}" for i in ids)  # noqa: E731
    sides = {side: " " + words(pair[side][:-1]) for side in ("chosen", "rejected")}
    return {"prompt": words(pair["prompt"]), **sides}


class InOrder(DPOTrainer):
    """TRL's trainer, without shuffling."""

    def _get_train_sampler(self, train_dataset=None):
        return SequentialSampler(train_dataset or self.train_dataset)


class Recorder(TrainerCallback):
    """Keeps what TRL logs after each step."""

    def __init__(self):
        self.steps = []

    def on_log(self, args, state, control, logs=None, **kwargs):
        if "loss" in logs:
            self.steps.append({
                "loss": float(logs["loss"]), "gradientNorm": float(logs["grad_norm"]),
                "margin": float(logs["rewards/margins"]), "chosenLogp": float(logs["logps/chosen"]),
            })


def run_trl(model, pairs, rates, loss_type, batch=8):
    """What TRL logs over one update for each learning rate."""
    recorder = Recorder()
    with tempfile.TemporaryDirectory() as folder:
        args = DPOConfig(
            folder, loss_type=[loss_type], beta=0.1, per_device_train_batch_size=batch,
            max_steps=len(rates), max_grad_norm=MAX_NORM, logging_steps=1, report_to=[],
            save_strategy="no", bf16=False, use_cpu=True, gradient_checkpointing=False,
            disable_tqdm=True, max_length=None, seed=0,
        )
        parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        optimiser = torch.optim.AdamW(
            parameters, lr=1.0, betas=BETAS, eps=EPS, weight_decay=WEIGHT_DECAY
        )
        # The scheduler also moves past the last step.
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda t: [*rates, 0.0][t])
        trainer = InOrder(
            model=model, args=args, processing_class=word_tokenizer(),
            train_dataset=Dataset.from_list([as_text(pair) for pair in pairs]),
            optimizers=(optimiser, schedule), callbacks=[recorder],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    return recorder.steps


def tiny_llama():
    return LlamaForCausalLM.from_pretrained(VALUES / "tiny_llama", dtype=torch.float32)


def compare(title, ours, theirs):
    """Prints the largest relative differences (of at least 1) and says whether all are tolerated."""
    assert len(ours) == len(theirs), (len(ours), len(theirs))
    good = True
    for key, tolerance in TOLERANCE.items():
        apart = max(
            abs(a[key] - b[key]) / max(1.0, abs(a[key])) for a, b in zip(ours, theirs, strict=True)
        )
        good = good and apart <= tolerance
        print(f"{title}: {key} {apart:.1e} (allowed {tolerance:.0e})")
    return good


def main():
    disable_progress_bars()
    committed = {
        name: json.loads((VALUES / f"{name}.json").read_text())
        for name in ("tiny_pairs", "dpo_trajectory", "lora_trajectory", "loss_trajectories")
    }
    lora = PeftModel.from_pretrained(
        tiny_llama(), VALUES / "tiny_lora_initial", is_trainable=True
    )
    runs = [
        ("dpo", tiny_llama(), committed["dpo_trajectory"]["steps"], "sigmoid"),
        ("slic", tiny_llama(), committed["loss_trajectories"]["slic"]["steps"], "hinge"),
        ("lora dpo", lora, committed["lora_trajectory"]["steps"], "sigmoid"),
    ]
    good = True
    for title, model, steps, loss_type in runs:
        rates = [step["learningRate"] for step in steps]
        pairs = committed["tiny_pairs"]["pairs"][: 8 * len(steps)]
        good = compare(f"TRL {title}", steps, run_trl(model, pairs, rates, loss_type)) and good
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
