"""
Loads the model and the adapter of each architecture that the suite wrote with transformers and PEFT,
and compares completion log-probabilities with the suite's own.
"""

import argparse
import json
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from common import token_logps


def largest_difference(folder):
    """The largest |suite - PEFT| of a folder's sequences, in nats."""
    model, loading = AutoModelForCausalLM.from_pretrained(
        folder / "model", dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    unused = {key: sorted(names) for key, names in loading.items() if names}
    if unused:
        raise SystemExit(f"{folder}: tensors do not fit the model: {unused}")
    cases = json.loads((folder / "sequences.json").read_text())
    with torch.no_grad():
        plain = [token_logps(model.eval(), c["prompt"], c["completion"]).sum().item() for c in cases]
        model = PeftModel.from_pretrained(model, folder / "adapter").eval()
        adapted = [
            token_logps(model, c["prompt"], c["completion"]).double().sum().item() for c in cases
        ]
    if max(abs(a - b) for a, b in zip(plain, adapted)) < 0.1:
        raise SystemExit(f"{folder}: the adapter changes nothing")
    return max(abs(case["logp"] - logp) for case, logp in zip(cases, adapted))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", required=True, type=Path)
    folders = sorted(path for path in parser.parse_args().folder.iterdir() if path.is_dir())
    assert len(folders) >= 7, folders
    good = True
    for folder in folders:
        apart = largest_difference(folder)
        good = good and apart < 1e-3
        print(f"  {folder.name}: log-probabilities at most {apart:.1e} apart")
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
