"""SmolLM2-135M-Instruct from its GGUF file: greedy text, logits, log-probabilities, LoRA DPO steps."""

import argparse
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from common import token_logps, write_json
from dpo_trajectory import lora_on
from updates import final_logps, train

QUESTIONS = [
    "What is the capital of France?",
    "Name three colours of the rainbow.",
    "How many days are there in a week?",
    "Write one sentence about a cat that sleeps on a warm roof.",
    "Translate 'good morning' into Spanish.",
]
PAIRS = [
    {
        "prompt": "How do I keep a cut apple from turning brown?",
        "chosen": "Rub the cut side with a little lemon juice and keep it in a closed box in the fridge.",
        "rejected": "Apples are fruits. They grow on trees.",
    },
    {
        "prompt": "Is the sea salty?",
        "chosen": "Yes, sea water holds about 35 grams of salt a litre.",
        "rejected": "No, it is sweet, because rain and rivers fill it with fresh water every day of the year.",
    },
    {
        "prompt": "Suggest a name for a small bakery.",
        "chosen": "The Morning Crumb.",
        "rejected": "bakery bakery bakery bakery",
    },
    {
        "prompt": "Explain in one sentence why we see lightning before we hear thunder.",
        "chosen": "Light travels almost a million times faster than sound, so the flash arrives first.",
        "rejected": "Because thunder is shy, it waits — then it answers in 3, 2, 1…\nBoom!",
    },
]
RANK, ALPHA, SCALE, LR, STEPS = 8, 16, 0.08, 1e-3, 3
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, type=Path, help="folder to write to")
    parser.add_argument("--gguf", required=True, type=Path, help="SmolLM2-135M-Instruct.Q4_1.gguf")
    return parser.parse_args()


def prompt_ids(tokenizer, question):
    """Ids of the chat template's prompt: default system message, generation prompt."""
    messages = [{"role": "user", "content": question}]
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return text, tokenizer(text, add_special_tokens=False)["input_ids"]


def greedy_case(model, tokenizer, question):
    """Greedy continuation by transformers' `generate`, and the five largest logits after the prompt."""
    text, ids = prompt_ids(tokenizer, question)
    made = model.generate(
        torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long),
        do_sample=False, max_new_tokens=32, output_logits=True, return_dict_in_generate=True,
        pad_token_id=tokenizer.eos_token_id, eos_token_id=tokenizer.eos_token_id,
    )
    new_ids = made.sequences[0, len(ids) :].tolist()
    leads = [logits[0].topk(2).values for logits in made.logits]
    top = made.logits[0][0].topk(5)
    return {
        "question": question, "promptText": text, "promptIds": ids, "newIds": new_ids,
        "newText": tokenizer.decode(new_ids, skip_special_tokens=True),
        "smallestGap": min((pair[0] - pair[1]).item() for pair in leads),
        "topIds": top.indices.tolist(), "topLogits": top.values,
    }


def tokenised(tokenizer, pair):
    """The pair as ids; completions end with the end-of-sequence token."""
    sides = {
        side: tokenizer(pair[side], add_special_tokens=False)["input_ids"]
        + [tokenizer.eos_token_id]
        for side in ("chosen", "rejected")
    }
    return {"prompt": prompt_ids(tokenizer, pair["prompt"])[1], **sides}


def main():
    args = arguments()
    args.out.mkdir(parents=True, exist_ok=True)
    folder, file = args.gguf.parent, args.gguf.name
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
    model = AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=file, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    pairs = [tokenised(tokenizer, pair) for pair in PAIRS]
    with torch.no_grad():
        questions = [greedy_case(model, tokenizer, question) for question in QUESTIONS]
        scored = [
            {
                **pair, "promptIds": ids["prompt"],
                "chosenIds": ids["chosen"], "rejectedIds": ids["rejected"],
                "chosenTokenLogps": token_logps(model, ids["prompt"], ids["chosen"]),
                "rejectedTokenLogps": token_logps(model, ids["prompt"], ids["rejected"]),
            }
            for pair, ids in zip(PAIRS, pairs, strict=True)
        ]
    for row in scored:
        for side in ("chosen", "rejected"):
            row[f"{side}Logp"] = row[f"{side}TokenLogps"].double().sum().item()
    lora = lora_on(model, RANK, ALPHA, TARGETS, SCALE)
    with torch.no_grad(), lora.disable_adapter():
        reference = final_logps(lora, pairs)
    fixed = (reference["chosenLogps"], reference["rejectedLogps"])
    steps = train(lora, [pairs] * STEPS, [LR] * STEPS, fixed=fixed)
    values = {
        "model": file, "eosTokenId": tokenizer.eos_token_id, "greedy": questions, "pairs": scored,
        "lora": {
            "rank": RANK, "alpha": ALPHA, "targets": TARGETS, "initScale": SCALE, "steps": steps,
            "final": final_logps(lora, pairs),
        },
    }
    write_json(args.out / "smollm2.json", values)


if __name__ == "__main__":
    main()
