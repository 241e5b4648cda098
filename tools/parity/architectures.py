"""
One tiny random model of each architecture: logits, gradients, log-probabilities and greedy tokens by
transformers, and the rotary frequencies of each rope type. Weights are `mixed_weights.py`'s, so that
the files hold configurations and results alone.
"""

import torch
from transformers import AutoConfig, AutoModelForCausalLM
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from common import greedy, output_folder, random_pairs, token_logps, write_json
from mixed_weights import fill, mixed, named_parameters

VOCAB = 40
SHAPE = {
    "vocab_size": VOCAB, "hidden_size": 32, "intermediate_size": 24, "num_hidden_layers": 2,
    "num_attention_heads": 4, "max_position_embeddings": 64, "tie_word_embeddings": False,
}
YARN = {
    "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16,
    "beta_fast": 3.0, "beta_slow": 0.5,
}

# The fields of config.json beside the class; each case differs from the others in what it exercises.
CASES = {
    "mistral": {"model_type": "mistral", "num_key_value_heads": 2, "sliding_window": 5},
    "qwen2": {"model_type": "qwen2", "num_key_value_heads": 2, "tie_word_embeddings": True},
    "qwen2_window_yarn": {
        "model_type": "qwen2", "num_key_value_heads": 1, "num_hidden_layers": 3,
        "use_sliding_window": True, "sliding_window": 6, "max_window_layers": 1,
        "rope_scaling": YARN,
    },
    "qwen3": {"model_type": "qwen3", "num_key_value_heads": 2, "head_dim": 12},
    "gpt_neox": {"model_type": "gpt_neox", "num_attention_heads": 2, "rotary_pct": 0.25},
    "gpt_neox_sequential": {
        "model_type": "gpt_neox", "rotary_pct": 0.5, "use_parallel_residual": False,
        "tie_word_embeddings": True,
    },
    "llama_biases_dynamic": {
        "model_type": "llama", "num_key_value_heads": 4, "attention_bias": True, "mlp_bias": True,
        "rope_scaling": {"rope_type": "dynamic", "factor": 2.0},
    },
}

ROPES = [
    {"rope_type": "linear", "factor": 3.0},
    {"rope_type": "dynamic", "factor": 2.0},
    {
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 32,
    },
    {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16},
    {**YARN, "truncate": False},
    {**YARN, "mscale": 0.707, "mscale_all_dim": 1.2},
    {**YARN, "attention_factor": 0.9},
]


def build(fields):
    """A model with the case's config and mixed weights, and its config.json."""
    json = {**SHAPE, **fields}
    config = AutoConfig.for_model(**json)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32, attn_implementation="eager")
    fill(model)
    return model.eval(), {"architectures": [type(model).__name__], **json}


def gradients(model, pairs):
    """Gradient of sum(chosen) - 0.7 sum(rejected): each tensor's norm, and its product with a direction."""
    model.zero_grad(set_to_none=True)
    loss = sum(
        token_logps(model, pair["prompt"], pair["chosen"]).sum()
        - 0.7 * token_logps(model, pair["prompt"], pair["rejected"]).sum()
        for pair in pairs
    )
    loss.backward()
    return {
        name: {
            "norm": parameter.grad.double().norm().item(),
            "along": (parameter.grad.double() * mixed(f"along {name}", tuple(parameter.shape), 2.0))
            .sum().item(),
        }
        for name, parameter in named_parameters(model)
    }


def decisive_pairs(model, name):
    """Three pairs whose prompts are continued without near-ties, and their greedy continuations."""
    for attempt in range(50):
        seed = sum(map(ord, name)) + 1000 * attempt
        pairs = random_pairs(seed, 3, vocab=VOCAB, prompt=(7, 12), completion=(5, 11))
        # 12 tokens: the windows have passed the prompt's start.
        continued = [greedy(model, pair["prompt"], 12) for pair in pairs]
        if min(gap for _, gap in continued) > 0.01:
            return pairs, continued
    raise SystemExit(f"{name}: no decisive prompts")


def describe(name, fields):
    """The committed values of one case."""
    model, json = build(fields)
    with torch.no_grad():
        pairs, continued = decisive_pairs(model, name)
        ids = pairs[0]["prompt"] + pairs[0]["chosen"]
        logits = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0]  # [T, V]
        positions = [0, len(ids) // 2, len(ids) - 1]
        sums = [
            {side: token_logps(model, pair["prompt"], pair[side]).double().sum().item()
             for side in ("chosen", "rejected")}
            for pair in pairs
        ]
        for pair, (new_ids, _) in zip(pairs, continued):
            cached = model.generate(
                torch.tensor([pair["prompt"]]), max_new_tokens=12, do_sample=False,
                eos_token_id=None, pad_token_id=0,
            )[0, len(pair["prompt"]):].tolist()
            assert cached == new_ids, (name, cached, new_ids)
    return {
        "config": json,
        "pairs": pairs,
        "logits": {"ids": ids, "positions": positions, "values": logits[positions]},
        "logps": sums,
        "greedy": [{"newIds": new_ids, "smallestGap": gap} for new_ids, gap in continued],
        "gradients": gradients(model, pairs),
    }


def ropes():
    """Frequencies and factor of every rope type that is the same for every length."""
    out = []
    for rope in ROPES:
        json = {**SHAPE, "model_type": "llama", "num_key_value_heads": 2, "head_dim": 16,
                "rope_theta": 1000.0, "rope_scaling": rope}
        frequencies, factor = ROPE_INIT_FUNCTIONS[rope["rope_type"]](AutoConfig.for_model(**json), "cpu")
        out.append({"config": {"architectures": ["LlamaForCausalLM"], **json},
                    "frequencies": frequencies, "factor": factor})
    return out


def main():
    out = output_folder(__doc__)
    for name, fields in CASES.items():
        write_json(out / f"{name}.json", describe(name, fields))
    write_json(out / "ropes.json", {"ropes": ropes()})


if __name__ == "__main__":
    main()
