"""Two tiny Llama checkpoints with their logits, log-probabilities and greedy continuations."""

import json

import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

from common import greedy, output_folder, random_pairs, token_logps, write_json

SHAPES = {
    "tiny_llama": dict(
        hidden_size=64, intermediate_size=128, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, tie_word_embeddings=False,
    ),
    "tiny_llama_tied": dict(
        hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, head_dim=16, tie_word_embeddings=True,
    ),
}
SHARED = dict(
    vocab_size=80, max_position_embeddings=128, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2,
    pad_token_id=0, attn_implementation="eager",
)


def tiny_config(name):
    """The configuration of one of the tiny checkpoints."""
    rope = {"rope_type": "default", "rope_theta": 10000.0}
    return LlamaConfig(**SHARED, **SHAPES[name], rope_parameters=rope)


def build(name, seed):
    """A model with seeded weights, wide enough that the outputs are far from uniform."""
    model = LlamaForCausalLM(tiny_config(name)).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if key.endswith("norm.weight"):
                parameter.copy_(1 + 0.1 * noise)
            elif key.endswith("embed_tokens.weight"):
                parameter.copy_((0.3 if model.config.tie_word_embeddings else 1.0) * noise)
            else:
                gain = 2.0 if key.startswith("lm_head") else 1.2
                parameter.copy_(gain * noise / parameter.shape[1] ** 0.5)
    return model


def save(model, folder):
    """`model.safetensors` (F32) and `config.json`, as Hugging Face folders have them."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {key: value.contiguous() for key, value in model.state_dict().items()}
    if model.config.tie_word_embeddings:
        del tensors["lm_head.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    config = model.config
    fields = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
        "vocab_size": config.vocab_size, "hidden_size": config.hidden_size,
        "intermediate_size": config.intermediate_size,
        "num_hidden_layers": config.num_hidden_layers,
        "num_attention_heads": config.num_attention_heads,
        "num_key_value_heads": config.num_key_value_heads, "head_dim": config.head_dim,
        "max_position_embeddings": config.max_position_embeddings, "rope_theta": 10000.0,
        "rms_norm_eps": config.rms_norm_eps, "tie_word_embeddings": config.tie_word_embeddings,
        "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0, "torch_dtype": "float32",
    }
    (folder / "config.json").write_text(json.dumps(fields, indent=2) + "\n")


def logit_cases(model, sequences):
    """All V logits at the first, middle and last position of each sequence."""
    cases = []
    for ids in sequences:
        logits = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0]  # [T, V]
        positions = sorted({0, len(ids) // 2, len(ids) - 1})
        cases.append({"ids": ids, "positions": positions, "logits": logits[positions]})
    return cases


def describe(model, seed):
    """The committed values of one checkpoint."""
    pairs = random_pairs(seed, 4)
    longer = random_pairs(seed + 1, 1, prompt=(40, 40), completion=(24, 24))[0]
    sequences = [pairs[0]["prompt"][:5], pairs[1]["prompt"] + pairs[1]["chosen"], longer["prompt"]]
    completions = [
        {"prompt": pair["prompt"], "completion": pair[side]}
        for pair in [*pairs, longer]
        for side in ("chosen", "rejected")
    ]
    for case in completions:
        case["tokenLogps"] = token_logps(model, case["prompt"], case["completion"])
        case["logp"] = case["tokenLogps"].double().sum().item()
    greedy_cases = []
    for pair in pairs:
        new_ids, gap = greedy(model, pair["prompt"], 16)
        greedy_cases.append({"prompt": pair["prompt"], "newIds": new_ids, "smallestGap": gap})
    return {
        "logits": logit_cases(model, sequences),
        "completions": completions,
        "greedy": greedy_cases,
    }


def main():
    out = output_folder(__doc__)
    for seed, name in enumerate(SHAPES, start=11):
        model = build(name, seed)
        save(model, out / name)
        # Values come from the saved file, so that they describe what is committed.
        model = LlamaForCausalLM.from_pretrained(
            out / name, dtype=torch.float32, attn_implementation="eager"
        ).eval()
        assert model.config.rope_parameters["rope_theta"] == 10000.0
        with torch.no_grad():
            write_json(out / f"{name}.json", describe(model, 100 * seed))


if __name__ == "__main__":
    main()
