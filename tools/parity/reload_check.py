"""
Loads what the suite wrote (a model folder, or an adapter on a model) with transformers and PEFT, and
compares completion log-probabilities with the suite's own.

`--sequences` is a JSON list of {"prompt": ids, "completion": ids, "logp": the suite's value}.
"""

import argparse
import json
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from common import token_logps

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--model", required=True, type=Path, help="model folder or GGUF file")
parser.add_argument("--adapter", type=Path, help="folder in PEFT's format")
parser.add_argument("--sequences", required=True, type=Path)
args = parser.parse_args()

if args.model.is_file():
    source = {"pretrained_model_name_or_path": args.model.parent, "gguf_file": args.model.name}
else:
    source = {"pretrained_model_name_or_path": args.model}
model, loading = AutoModelForCausalLM.from_pretrained(
    **source, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
)
unused = {key: sorted(names) for key, names in loading.items() if names}
if unused:
    raise SystemExit(f"{args.model}: tensors do not fit the model: {unused}")
if args.adapter is not None:
    model = PeftModel.from_pretrained(model, args.adapter)
    zero = [
        key for key, value in model.named_parameters() if ".lora_" in key and not value.any().item()
    ]
    if zero:
        raise SystemExit(f"{args.adapter}: {len(zero)} tensors are zero, first {zero[0]}")
model.eval()

good = True
for number, case in enumerate(json.loads(args.sequences.read_text()), start=1):
    with torch.no_grad():
        logp = token_logps(model, case["prompt"], case["completion"]).double().sum().item()
    apart = abs(logp - case["logp"])
    allowed = max(0.02, 1e-4 * abs(logp)) if args.model.is_file() else 1e-4 * max(1, abs(logp))
    good = good and apart <= allowed
    print(f"sequence {number}: {case['logp']:.6f}, PyTorch {logp:.6f}, apart {apart:.1e}")
raise SystemExit(0 if good else 1)
