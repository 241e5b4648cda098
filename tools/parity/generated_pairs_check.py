"""
Loads a JSONL file of preference pairs the way TRL's DPOTrainer does and reports what it sees.

`datasets` reads the file; TRL's own code extracts prompts, applies the chat template and tokenises.
"""

import argparse
import types
from pathlib import Path

from datasets import disable_progress_bars, load_dataset
from transformers import AutoTokenizer
from trl import DPOConfig, DPOTrainer
from trl.data_utils import apply_chat_template, extract_prompt, is_conversational

import common  # noqa: F401

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", required=True, type=Path, help="JSONL file of pairs")
parser.add_argument("--model", required=True, type=Path, help="model folder or GGUF file")
args = parser.parse_args()

disable_progress_bars()
if args.model.is_file():
    tokenizer = AutoTokenizer.from_pretrained(args.model.parent, gguf_file=args.model.name)
else:
    tokenizer = AutoTokenizer.from_pretrained(args.model)
cache = args.data.parent / "datasets"
pairs = load_dataset("json", data_files=str(args.data), split="train", cache_dir=str(cache))
if len(pairs) == 0:
    raise SystemExit(f"{args.data}: no pairs")
lacking = {"chosen", "rejected"} - set(pairs.column_names)
if lacking:
    raise SystemExit(f"{args.data}: no column {', '.join(sorted(lacking))}")

for number, pair in enumerate(pairs, start=1):
    whole = pair if "prompt" in pair else extract_prompt(pair)
    if is_conversational(whole):
        whole = apply_chat_template(whole, tokenizer)
    if not whole["prompt"] or whole["chosen"] == whole["rejected"]:
        raise SystemExit(f"{args.data}:{number}: empty prompt, or chosen and rejected are the same")

trainer = types.SimpleNamespace(_tokenizer=tokenizer)
settings = DPOConfig(str(cache), max_length=None, bf16=False, use_cpu=True, report_to=[])
ready = DPOTrainer._prepare_dataset(trainer, pairs, tokenizer, settings, "generated")
for number, row in enumerate(ready, start=1):
    for column in ("prompt_ids", "chosen_ids", "rejected_ids"):
        if not row[column]:
            raise SystemExit(f"{args.data}:{number}: no tokens in {column}")
    for column in ("chosen_ids", "rejected_ids"):
        if tokenizer.eos_token_id not in row[column][-2:]:
            raise SystemExit(f"{args.data}:{number}: {column} has no end-of-sequence token")
kind = "conversational" if is_conversational(pairs[0]) else "standard"
print(f"{len(ready)} {kind} pairs, columns {', '.join(pairs.column_names)}; first prompt:")
print(repr(tokenizer.decode(ready[0]["prompt_ids"])))
