"""Training trajectories on the tiny checkpoint: DPO, DPO with LoRA, accumulation, further losses."""

import json

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import LlamaForCausalLM

from common import VALUES, hashed_init, output_folder, random_pairs, write_json
from updates import (
    final_logps,
    largest_difference,
    padded_pair_logps,
    reference_of,
    train,
    warmed_up,
)

STEPS, BATCH, LR, WARMUP = 20, 8, 1e-3, 5
LORA_LR, LORA_STEPS = 2e-2, 10
LOSS_STEPS, LOSSES = 6, ("ipo", "simpo", "slic", "dpo_nll")


def tiny_llama():
    """The committed checkpoint, every parameter trained."""
    folder = VALUES / "tiny_llama"
    return LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


def lora_on(model, rank, alpha, targets, scale):
    """PEFT's LoRA with A from `hashed_init` (named as the module is) and B zero."""
    config = LoraConfig(
        r=rank, lora_alpha=alpha, lora_dropout=0.0, target_modules=targets, task_type="CAUSAL_LM"
    )
    adapted = get_peft_model(model, config)
    with torch.no_grad():
        for key, parameter in adapted.named_parameters():
            if ".lora_A." in key:
                name = key.removeprefix("base_model.model.").split(".lora_A.")[0]
                parameter.copy_(hashed_init(name, *parameter.shape, scale))
            elif ".lora_B." in key:
                parameter.zero_()
    return adapted.eval()


def tidy_adapter(folder):
    """Removes PEFT's model card and the machine's path, so that the folder can be committed."""
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text())
    config["base_model_name_or_path"] = "tiny_llama"
    config["target_modules"] = sorted(config["target_modules"])
    path.write_text(json.dumps(config, indent=2) + "\n")


def adapter_logps(model, folder, pairs):
    """Log-probabilities with the saved adapter, read back by PEFT."""
    return final_logps(PeftModel.from_pretrained(model, folder).eval(), pairs)


def lora_trajectory(out, batches, pairs):
    """LoRA steps; saves the adapter before and after."""
    reference = reference_of(tiny_llama())
    model = lora_on(tiny_llama(), 4, 8, ["q_proj", "v_proj"], 0.25)
    model.save_pretrained(out / "tiny_lora_initial")
    rates = warmed_up(LORA_LR, 1, LORA_STEPS)
    steps = train(model, batches[:LORA_STEPS], rates, reference=reference)
    model.save_pretrained(out / "tiny_lora_final")
    for folder in ("tiny_lora_initial", "tiny_lora_final"):
        tidy_adapter(out / folder)
    final = final_logps(model, pairs)
    again = adapter_logps(tiny_llama(), out / "tiny_lora_final", pairs)
    assert all(torch.equal(final[key], again[key]) for key in final)
    return {
        "rank": 4, "alpha": 8, "targets": ["q_proj", "v_proj"], "initScale": 0.25,
        "steps": steps, "final": final,
    }


def all_linear_trajectory(batches):
    """LoRA on every linear layer, an odd rank, the initial adapter by formula alone."""
    targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    model = lora_on(tiny_llama(), 3, 6, targets, 0.25)
    steps = train(
        model, batches[:LOSS_STEPS], warmed_up(LORA_LR, 1, LOSS_STEPS),
        reference=reference_of(tiny_llama()),
    )
    seen = [pair for batch in batches[:LOSS_STEPS] for pair in batch]
    return {
        "rank": 3, "alpha": 6, "targets": targets, "initScale": 0.25,
        "steps": steps, "final": final_logps(model, seen),
    }


def accumulation(batches):
    """One step of 8 pairs against 4 x 2 and 8 x 1 pairs accumulated."""
    whole_model = tiny_llama()
    whole = train(whole_model, batches[:1], [LR])
    result = {"step": whole[0], "final": final_logps(whole_model, batches[0])}
    for micro in (2, 1):
        model = tiny_llama()
        parts = train(model, batches[:1], [LR], micro_pairs=micro)
        logps = final_logps(model, batches[0])
        apart = max((result["final"][key] - logps[key]).abs().max().item() for key in logps)
        difference = largest_difference(whole, parts)
        assert difference["loss"] < 1e-6 and difference["gradientNorm"] < 1e-5 and apart < 1e-2
        result[f"largestDifferenceWith{micro}"] = {**difference, "finalLogps": apart}
    return result


def main():
    out = output_folder(__doc__)
    pairs = random_pairs(2024, STEPS * BATCH)
    batches = [pairs[start : start + BATCH] for start in range(0, len(pairs), BATCH)]
    write_json(out / "tiny_pairs.json", {"batchSize": BATCH, "pairs": pairs})

    rates = warmed_up(LR, WARMUP, STEPS)
    model = tiny_llama()
    steps = train(model, batches, rates)
    final = final_logps(model, pairs)
    padded_model = tiny_llama()
    padded = train(padded_model, batches, rates, logps_of=padded_pair_logps)
    padded_final = final_logps(padded_model, pairs)
    noise = largest_difference(steps, padded)
    noise["finalLogps"] = max((final[k] - padded_final[k]).abs().max().item() for k in final)
    write_json(
        out / "dpo_trajectory.json",
        {
            "steps": steps, "final": final, "largestDifferenceWhenPadded": noise,
            "accumulation": accumulation(batches),
        },
    )
    write_json(out / "lora_trajectory.json", lora_trajectory(out, batches, pairs))
    write_json(out / "lora_all_linear.json", all_linear_trajectory(batches))

    others = {}
    for loss in LOSSES:
        model = tiny_llama()
        steps = train(model, batches[:LOSS_STEPS], warmed_up(LR, 1, LOSS_STEPS), loss)
        others[loss] = {"steps": steps, "final": final_logps(model, pairs[: LOSS_STEPS * BATCH])}
    write_json(out / "loss_trajectories.json", others)


if __name__ == "__main__":
    main()
