"""PyTorch's worker: commands on stdin, answers on stdout (see protocol.ts), eager float32 on the CPU."""

import json
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import torch
import torch.nn.functional as F
from pytorch_model import SAMPLED, completion_logps, load_model, padded, respond, rows_of, score


class PlainStep:
    """A DPO step written with PyTorch alone."""

    def __init__(self, inputs):
        self.beta, self.steps = inputs["beta"], inputs["work"].get("steps", 1)
        self.model = load_model(inputs["model"]).train()
        self.rows = rows_of(inputs["pairs"])
        with torch.no_grad():
            self.reference = completion_logps(self.model, padded(self.rows))
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), lr=inputs["work"]["learningRate"], weight_decay=0.0, fused=True
        )

    def check(self):
        return self.reference.chunk(2)[0].tolist()

    def step(self):
        logps = completion_logps(self.model, padded(self.rows))
        chosen, rejected = (logps - self.reference).chunk(2)
        loss = -F.logsigmoid(self.beta * (chosen - rejected)).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad()
        return loss.item()

    def run(self):
        start = time.perf_counter()
        losses = [self.step() for _ in range(self.steps)]
        return (time.perf_counter() - start) / self.steps, losses


class Trainer:
    """TRL's DPOTrainer with PEFT: its collator, training step and optimiser."""

    def __init__(self, inputs):
        from datasets import Dataset, disable_progress_bars
        from peft import LoraConfig, set_peft_model_state_dict
        from safetensors.torch import load_file
        from transformers import PreTrainedTokenizerFast
        from trl import DPOConfig, DPOTrainer

        disable_progress_bars()
        adapter = Path(inputs["adapter"])
        config = json.loads((adapter / "adapter_config.json").read_text())
        with tempfile.TemporaryDirectory() as folder:
            args = DPOConfig(
                folder, beta=inputs["beta"], learning_rate=inputs["work"]["learningRate"],
                weight_decay=0.0, max_grad_norm=1.0, report_to=[], save_strategy="no", bf16=False,
                use_cpu=True, gradient_checkpointing=False, disable_tqdm=True, max_length=None,
            )
            lora = LoraConfig(
                r=config["r"], lora_alpha=config["lora_alpha"], lora_dropout=0.0,
                target_modules=config["target_modules"], task_type="CAUSAL_LM",
            )
            tokenizer = PreTrainedTokenizerFast.from_pretrained(inputs["model"])
            text = {"prompt": "a", "chosen": " b", "rejected": " c"}  # ids are given at each step
            self.trainer = DPOTrainer(
                model=load_model(inputs["model"]), args=args, processing_class=tokenizer,
                train_dataset=Dataset.from_list([text]), peft_config=lora,
            )
        self.model = self.trainer.model
        set_peft_model_state_dict(self.model, load_file(adapter / "adapter_model.safetensors"))
        self.trainer.precompute_ref_logps = True  # references come with the batch
        self.trainer.current_gradient_accumulation_steps = 1  # set by the loop that calls training_step
        self.restart()

    def restart(self):
        """A fresh optimiser."""
        self.trainer.optimizer = None
        self.trainer.create_optimizer()

    def batch(self, pairs, references):
        """TRL's collated batch of pairs with their (chosen, rejected) reference log-probabilities."""
        return self.trainer.data_collator([
            {
                "prompt_ids": pair["prompt"], "chosen_ids": pair["chosen"],
                "rejected_ids": pair["rejected"], "ref_chosen_logps": reference[0],
                "ref_rejected_logps": reference[1],
            }
            for pair, reference in zip(pairs, references, strict=True)
        ])

    def step(self, batch):
        """One optimiser step, as the trainer's loop takes it; returns the loss."""
        loss = self.trainer.training_step(self.model, batch)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.trainer.optimizer.step()
        self.model.zero_grad()
        return loss.item()

    def references(self, rows):
        """Log-probabilities with the adapters off."""
        with self.model.disable_adapter():
            return score(self.model, rows)


class TrlStep:
    """A DPO step by TRL."""

    def __init__(self, inputs):
        self.trainer, self.pairs = Trainer(inputs), inputs["pairs"]
        logps = self.trainer.references(rows_of(self.pairs))
        self.references = list(zip(*(side.tolist() for side in logps.chunk(2)), strict=True))

    def check(self):
        return [chosen for chosen, _ in self.references]

    def run(self):
        start = time.perf_counter()
        loss = self.trainer.step(self.trainer.batch(self.pairs, self.references))
        return time.perf_counter() - start, [loss]


class Scoring:
    """Log-probabilities of both completions of every pair."""

    def __init__(self, inputs):
        self.model, self.rows = load_model(inputs["model"]).eval(), rows_of(inputs["pairs"])

    def check(self):
        return []

    def run(self):
        start = time.perf_counter()
        chosen, rejected = score(self.model, self.rows).chunk(2)
        values = torch.stack([chosen, rejected], 1).flatten().tolist()
        return time.perf_counter() - start, values


class Generation:
    """Sampling at temperature 1; greedy answers are compared."""

    def __init__(self, inputs):
        self.model, self.prompts = load_model(inputs["model"]).eval(), inputs["prompts"]
        self.new_tokens = inputs["work"]["generation"]["newTokens"]

    def check(self):
        return respond(self.model, self.prompts, self.new_tokens, do_sample=False).flatten().tolist()

    def run(self):
        start = time.perf_counter()
        respond(self.model, self.prompts, self.new_tokens, **SAMPLED)
        return time.perf_counter() - start, []


class Iteration:
    """One iteration of SeRA, scripted with TRL's trainer and transformers."""

    def __init__(self, inputs):
        self.trainer, self.inputs = Trainer(inputs), inputs
        self.start = {
            name: value.detach().clone()
            for name, value in self.trainer.model.named_parameters() if value.requires_grad
        }
        self.references = self.trainer.references(rows_of(inputs["pairs"])).chunk(2)

    def check(self):
        return []

    def run(self):
        with torch.no_grad():
            for name, value in self.trainer.model.named_parameters():
                if value.requires_grad:
                    value.copy_(self.start[name])
        self.trainer.restart()
        start = time.perf_counter()
        values = self.iterate()
        return time.perf_counter() - start, values

    def iterate(self):
        pairs, beta, size = (self.inputs[key] for key in ("pairs", "beta", "stepPairs"))
        shape, prompts = self.inputs["work"]["onPolicy"], self.inputs["prompts"]
        model, count = self.trainer.model.eval(), shape["responses"]
        own = score(model, rows_of(pairs)).chunk(2)
        margins = beta * ((own[0] - self.references[0]) - (own[1] - self.references[1]))
        kept = sorted(margins.topk(shape["kept"]).indices.tolist())
        made = respond(model, prompts, shape["newTokens"], count, **SAMPLED).tolist()
        rows = [(prompts[i // count], answer) for i, answer in enumerate(made)]
        reference = self.trainer.references(rows)
        rewards = beta * (score(model, rows) - reference)
        batch = [(pairs[i], [side[i].item() for side in self.references]) for i in kept]
        for at in range(0, len(rows), count):
            best = at + rewards[at : at + count].argmax().item()
            worst = at + rewards[at : at + count].argmin().item()
            pair = {"prompt": rows[at][0], "chosen": made[best], "rejected": made[worst]}
            batch.append((pair, [reference[best].item(), reference[worst].item()]))
        losses = []
        for at in range(0, len(batch), size):
            members = batch[at : at + size]
            losses.append(self.trainer.step(self.trainer.batch(*zip(*members, strict=True))))
        return margins.tolist() + losses[: shape["kept"] // size]


def load(path):
    """The task that an input file describes."""
    inputs = json.loads(Path(path).read_text())
    kind, trl = inputs["work"]["kind"], inputs["work"]["trl"]
    if kind == "step":
        return TrlStep(inputs) if trl else PlainStep(inputs)
    return {"score": Scoring, "generate": Generation, "iteration": Iteration}[kind](inputs)


def versions():
    """What computes; trl and peft are not imported where nothing needs them."""
    names = ("torch", "transformers", "peft", "trl")
    return {"python": sys.version.split()[0], **{name: version(name) for name in names}}


def peak_bytes():
    """Highest resident memory of this process so far."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no VmHWM in /proc/self/status")


def main():
    task = None
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "load":
            task = load(command["inputs"])
            answer = {"versions": versions()}
        elif command["do"] == "check":
            answer = {"values": task.check()}
        elif command["do"] == "run":
            seconds, values = task.run()
            answer = {"seconds": seconds, "values": values}
        else:
            answer = {"bytes": peak_bytes()}
        print("@answer " + json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
