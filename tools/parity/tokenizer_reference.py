"""Token ids by transformers and its Rust tokenizers: SmolLM2 from its GGUF, and small tokenizers."""

import argparse
import json
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer
from transformers import AutoTokenizer

from common import write_json

TEXTS = [
    "",
    " ",
    "Hello, world!",
    "  two spaces, then three   and a tab\there",
    "line one\nline two\r\nline three\n\n\nline six \n 7",
    "trailing space ",
    "I'm sure they'll say we've won; it's what you'd do. DON'T SHOUT'S",
    "In 1999, 3.14159 was 42% of 1,234,567.89 (or 0x1F4A9?).",
    "½ cup, x² + y³, ٣٤٥, Ⅷ, 一二三, ¾",
    "naïve café Straße Ærø œuvre İstanbul",
    "Привет, мир! Γειά σου Κόσμε. שלום עולם مرحبا بالعالم",
    "日本語のテキストと中文文本和한국어 텍스트",
    "emoji: 😀👍🏽👩‍👩‍👧‍👦🇫🇷 ✈️ done",
    "zero\u200bwidth, no\u00a0break, next\u0085line, bom\ufeffhere, ideographic\u3000space",
    "odd spaces: !\ufeff! \u0085\u0085x \ufeff y \u2028z",
    "combining: e\u0301 a\u0308 n\u0303",
    "def f(x: int) -> int:\n    return x**2 + 1  # comment\n\tif x != 0 and y >= 3: pass\n",
    '{"key": [1, 2, {"nested": null}], "url": "https://example.org/a?b=c&d=%20"}',
    "<div class=\"a\">&amp;</div> $E=mc^2$ \\frac{1}{2} ~~~ ``` --- ___ !!! ...",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbb",
    "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
    "not special: <|im_begin|> <| im_end |> <|endoftext|>right after",
]
GPT2_LIKE = pre_tokenizers.ByteLevel(add_prefix_space=False)
WHOLE = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CUTS = {
    "byte-level": GPT2_LIKE,
    "digits": pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), GPT2_LIKE]),
    "digit-runs": pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=False), GPT2_LIKE]),
    "llama3": pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(LLAMA3), "isolated"), WHOLE]),
}


def small_tokenizers():
    """Byte-level BPE whose merges cross every boundary, so that each wrong cut shows."""
    trained = Tokenizer(BPE())
    trained.pre_tokenizer = WHOLE
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = BpeTrainer(vocab_size=900, min_frequency=1, initial_alphabet=alphabet, show_progress=False, max_token_length=5)
    trained.train_from_iterator(TEXTS * 2, trainer)
    trained.decoder = decoders.ByteLevel()
    cases = []
    for name, cut in CUTS.items():
        trained.pre_tokenizer = cut
        cases.append({
            "name": name,
            "preTokenizer": json.loads(trained.to_str())["pre_tokenizer"],
            "ids": [trained.encode(text, add_special_tokens=False).ids for text in TEXTS],
        })
    model = json.loads(trained.to_str())["model"]
    pieces = sorted(model["vocab"], key=model["vocab"].get)
    return {"pieces": pieces, "merges": [" ".join(pair) for pair in model["merges"]], "cases": cases}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, type=Path, help="folder to write to")
    parser.add_argument("--gguf", required=True, type=Path, help="SmolLM2-135M-Instruct.Q4_1.gguf")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    smollm2 = AutoTokenizer.from_pretrained(args.gguf.parent, gguf_file=args.gguf.name)
    ids = [smollm2(text, add_special_tokens=False).input_ids for text in TEXTS]
    decoded = [smollm2.decode(row) for row in ids]
    write_json(args.out / "tokenizer_ids.json", {
        "texts": TEXTS,
        "smollm2": {"ids": ids, "decoded": decoded},
        "small": small_tokenizers(),
    })


if __name__ == "__main__":
    main()
