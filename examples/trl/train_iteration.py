"""One SeRA update by TRL: `train_iteration.py [--lora-rank 16] job.json`, as `align --trainer` calls it.

The job's pairs come with token ids and the reference's log-probabilities, so TRL neither tokenises
nor holds a reference model. Whole weights go into the job's output, with LoRA merged ones.
"""

import argparse
import json

import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer

LOSSES = {"dpo": "sigmoid", "ipo": "ipo", "hinge": "hinge", "rdpo": "robust"}
COLUMNS = ("prompt_ids", "chosen_ids", "rejected_ids", "ref_chosen_logps", "ref_rejected_logps")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lora-rank", type=int, default=0, help="0: all weights train")
    parser.add_argument("--batch-per-device", type=int, default=4)
    parser.add_argument("--cpu", action="store_true", help="float32 on the CPU, for tests")
    parser.add_argument("job")
    return parser.parse_args()


def settings_of(job, arguments, processes):
    """TRL's settings that mean what the suite's config means."""
    config = job["config"]
    loss = config["loss"]
    if loss["name"] not in LOSSES:
        raise SystemExit(f"loss {loss['name']}: this example knows {', '.join(LOSSES)}")
    per_device = min(arguments.batch_per_device, config["batch"])
    if config["batch"] % (per_device * processes):
        raise SystemExit(f"--batch {config['batch']} must be a multiple of {per_device} x {processes}")
    return DPOConfig(
        job["output"],
        loss_type=[LOSSES[loss["name"]]],
        beta=loss.get("beta", 0.1),
        per_device_train_batch_size=per_device,
        gradient_accumulation_steps=config["batch"] // (per_device * processes),
        max_steps=config["steps"],
        learning_rate=config["learningRate"],
        lr_scheduler_type=config["schedule"],
        warmup_steps=int(config["warmup"] * config["steps"]),
        weight_decay=config["weightDecay"],
        max_grad_norm=config["maxGradNorm"],
        seed=job["seed"] + job["iteration"],
        bf16=not arguments.cpu,
        use_cpu=arguments.cpu,
        gradient_checkpointing=not arguments.cpu,
        max_length=None,
        save_strategy="no",
        report_to=[],
        logging_steps=10,
    )


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
    dtype = torch.float32 if arguments.cpu else torch.bfloat16
    model = AutoModelForCausalLM.from_pretrained(job["start"], dtype=dtype)
    lora = None
    if arguments.lora_rank:
        from peft import LoraConfig

        lora = LoraConfig(
            r=arguments.lora_rank, lora_alpha=2 * arguments.lora_rank, target_modules="all-linear",
            task_type="CAUSAL_LM",
        )
    from accelerate import PartialState

    text = {"prompt": "a", "chosen": " b", "rejected": " c"}  # TRL prepares texts; ours are ids
    trainer = DPOTrainer(
        model=model,
        args=settings_of(job, arguments, PartialState().num_processes),
        processing_class=tokenizer,
        train_dataset=Dataset.from_list([text]),
        peft_config=lora,
    )
    trainer.train_dataset = Dataset.from_list(rows)
    trainer.precompute_ref_logps = True  # the reference's log-probabilities are in the rows
    trainer.ref_model = None
    trainer.train()
    if trainer.accelerator.is_main_process:
        trained = trainer.accelerator.unwrap_model(trainer.model)
        trained = trained.merge_and_unload() if lora else trained
        trained.save_pretrained(job["output"])
        tokenizer.save_pretrained(job["output"])


if __name__ == "__main__":
    main()
