"""One SeRA update by TRL: `train_iteration.py [--lora-rank 16] job.json`, as `align --trainer` calls it.

The job's pairs come with token ids and the reference's log-probabilities, so TRL neither tokenises
nor holds a reference model. Whole weights go into the job's output, with LoRA merged ones. Every
optimiser step goes into the job's `steps`, for the curves of the suite's report.
"""

import argparse
import json
import math
import time

import torch
from accelerate import PartialState
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import DPOConfig, DPOTrainer

COLUMNS = ("prompt_ids", "chosen_ids", "rejected_ids", "ref_chosen_logps", "ref_rejected_logps")

# The suite's name of what TRL logs.
LOGGED = {
    "loss": "loss",
    "margin": "rewards/margins",
    "accuracy": "rewards/accuracies",
    "chosenLogp": "logps/chosen",
    "rejectedLogp": "logps/rejected",
    "learningRate": "learning_rate",
    "gradientNorm": "grad_norm",
}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lora-rank", type=int, default=0, help="0: all weights train")
    parser.add_argument("--batch-per-device", type=int, default=4)
    parser.add_argument("--cpu", action="store_true", help="float32 on the CPU, for tests")
    parser.add_argument("job")
    return parser.parse_args()


def loss_settings(config):
    """TRL's settings of the suite's loss, where TRL has the same one."""
    if config["nllAlpha"] != 0:
        raise SystemExit("--nll: TRL's mean runs over a batch's tokens, not over a pair's; leave it out")
    loss = config["loss"]
    match loss["name"]:
        case "dpo":
            return {"loss_type": ["sigmoid"], "beta": loss["beta"]}
        case "cdpo":
            epsilon = loss["epsilon"]
            return {"loss_type": ["sigmoid"], "beta": loss["beta"], "label_smoothing": epsilon}
        case "rdpo":
            epsilon = loss["epsilon"]
            return {"loss_type": ["robust"], "beta": loss["beta"], "label_smoothing": epsilon}
        case "slic":
            return {"loss_type": ["hinge"], "beta": loss["beta"]}
        case "ipo" if loss["average"]:
            return {"loss_type": ["ipo"], "beta": loss["tau"]}
        case "ipo":
            raise SystemExit("ipo: TRL averages over tokens; say so: --loss-options average=true")
        case name:
            raise SystemExit(f"loss {name}: this example knows dpo, cdpo, rdpo, slic and ipo")


def settings_of(job, arguments, processes):
    """TRL's settings that mean what the suite's config means."""
    config = job["config"]
    per_device = min(arguments.batch_per_device, config["batch"])
    if config["batch"] % (per_device * processes):
        raise SystemExit(f"--batch {config['batch']} must be a multiple of {per_device} x {processes}")
    return DPOConfig(
        job["output"],
        **loss_settings(config),
        per_device_train_batch_size=per_device,
        gradient_accumulation_steps=config["batch"] // (per_device * processes),
        max_steps=config["steps"],
        learning_rate=config["learningRate"],
        weight_decay=config["weightDecay"],
        max_grad_norm=config["maxGradNorm"],
        seed=job["seed"] + job["iteration"],
        bf16=not arguments.cpu,
        use_cpu=arguments.cpu,
        gradient_checkpointing=not arguments.cpu,
        max_length=None,
        precompute_ref_log_probs=True,
        save_strategy="no",
        report_to=[],
        logging_steps=1,
    )


class Trainer(DPOTrainer):
    """TRL's trainer on ready rows, with the suite's learning rates: its warm-up begins above 0."""

    def __init__(self, rows, suite_config, **others):
        self.rows, self.suite_config = rows, suite_config
        text = {"prompt": "a", "chosen": " b", "rejected": " c"}  # TRL prepares texts; ours are ids
        super().__init__(train_dataset=Dataset.from_list([text]), **others)

    def _precompute_ref_logps(self, dataset, name, batch_size):
        return Dataset.from_list(self.rows)  # the reference's log-probabilities are there already

    def create_scheduler(self, num_training_steps, optimizer=None):
        name, warmup = self.suite_config["schedule"], self.suite_config["warmup"]
        warmup_steps = math.floor(warmup * num_training_steps)

        def share(step):
            if step < warmup_steps:
                return (step + 1) / warmup_steps
            done = min(1, (step - warmup_steps) / max(1, num_training_steps - warmup_steps))
            return {"constant": 1, "linear": 1 - done, "cosine": (1 + math.cos(math.pi * done)) / 2}[name]

        self.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer or self.optimizer, share)
        return self.lr_scheduler


class Steps(TrainerCallback):
    """Writes every optimiser step into the job's `steps`, under the suite's names."""

    def __init__(self, path):
        self.path, self.started = path, time.monotonic()

    def on_log(self, args, state, control, logs=None, **others):
        if not state.is_world_process_zero or "loss" not in logs:
            return
        told = {name: float(logs[logged]) for name, logged in LOGGED.items()}
        # JSON has no infinity: a gradient's norm may be one.
        row = {name: value if math.isfinite(value) else None for name, value in told.items()}
        now = time.monotonic()
        row["seconds"], self.started = now - self.started, now
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def main():
    arguments = parse_arguments()
    with open(arguments.job, encoding="utf-8") as file:
        job = json.load(file)
    with open(job["pairs"], encoding="utf-8") as file:
        pairs = [json.loads(line) for line in file]
    rows = [{column: pair[column] for column in COLUMNS} for pair in pairs]
    tokenizer = AutoTokenizer.from_pretrained(job["start"])
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    # Steps of 1e-6 round away in bfloat16: what trains is float32, a frozen base need not be.
    frozen = arguments.lora_rank and not arguments.cpu
    dtype = torch.bfloat16 if frozen else torch.float32
    model = AutoModelForCausalLM.from_pretrained(job["start"], dtype=dtype)
    lora = None
    if arguments.lora_rank:
        from peft import LoraConfig

        lora = LoraConfig(
            r=arguments.lora_rank, lora_alpha=2 * arguments.lora_rank, target_modules="all-linear",
            task_type="CAUSAL_LM",
        )
    trainer = Trainer(
        rows,
        job["config"],
        model=model,
        args=settings_of(job, arguments, PartialState(cpu=arguments.cpu).num_processes),
        processing_class=tokenizer,
        peft_config=lora,
        callbacks=[Steps(job["steps"])],
    )
    trainer.train()
    if trainer.accelerator.is_main_process:
        trained = trainer.accelerator.unwrap_model(trainer.model)
        trained = trained.float().merge_and_unload() if lora else trained
        trained.save_pretrained(job["output"])
        tokenizer.save_pretrained(job["output"])


if __name__ == "__main__":
    main()
