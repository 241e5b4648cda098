"""Scores of a reward model folder by transformers, for tests/policy/reward_model_test.ts.

    .parity/env/bin/python tools/parity/reward_reference.py FOLDER > tests/policy/reward_scores.json
"""

import json
import sys

import torch
import transformers
from transformers import AutoModelForSequenceClassification, AutoTokenizer

CONVERSATIONS = [
    ("Name a prime.", "7 is a prime."),
    ("Name a prime.", "Let me think about primes and then about the weather."),
    ("Say nothing.", ""),
    ("Wie geht's?", "Gut, danke – und dir? 🙂"),
]


def main() -> None:
    folder = sys.argv[1]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    cases = []
    for instruction, answer in CONVERSATIONS:
        text = tokenizer.apply_chat_template(
            [{"role": "user", "content": instruction}, {"role": "assistant", "content": answer}],
            tokenize=False,
        )
        ids = tokenizer(text, add_special_tokens=False, return_tensors="pt").input_ids
        with torch.no_grad():
            score = model(ids).logits[0, 0].item()
        cases.append({
            "instruction": instruction, "answer": answer, "tokens": ids[0].tolist(), "score": score,
        })
    source = f"transformers {transformers.__version__}, torch {torch.__version__}"
    print(json.dumps({"source": source, "seed": 5, "cases": cases}))


if __name__ == "__main__":
    main()
