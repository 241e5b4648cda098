"""Writes tests/data/trl_formats.json and tests/data/parquet/: how TRL and pyarrow treat preference data.

Run it in an environment with trl, transformers and pyarrow (TRL 1.16.0 made the committed files):

    python tools/parity/preference_formats.py --out tests/data

- `texts`, `conversations`: results of TRL's `extract_prompt`.
- `rendered`: results of TRL's `apply_chat_template` for some chat templates.
- The Parquet files hold three pairs each, in the layouts that Hugging Face's data sets use.
"""

import json
import random

import pyarrow as pa
import pyarrow.parquet as pq
import trl
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast
from trl.data_utils import apply_chat_template, extract_prompt

from common import output_folder

OUTPUT = output_folder(__doc__)
PARTS = ["a", "b", " ", "  ", "the", " sky", "\n", "é", "😀", "😁", "👩‍🚀", "."]
HAND_MADE = [
    ("The sky is blue.", "The sky is green."),
    ("The sky is blue.", "The sky is"),
    ("The sky is", "The sky is blue."),
    ("green", "grey"),
    ("a  b", "a  c"),
    ("\n\nHuman: Hi\n\nAssistant: Hello", "\n\nHuman: Hi\n\nAssistant: Go away"),
    ("Look 😀 now", "Look 😁 now"),
    ("Look 😀", "Look 😀 now"),
    ("x😀", "x"),
]
MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What color is the sky?"},
    {"role": "assistant", "content": "It is blue."},
    {"role": "assistant", "content": "It is green."},
    {"role": "user", "content": "Why?"},
]
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] "
    "+ '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
TEMPLATES = {
    "chatml": CHATML,
    # As SmolLM2's: a system message of its own unless one is given.
    "default system": "{% if messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nBe kind.<|im_end|>\n' }}{% endif %}" + CHATML,
    # As DeepSeek-R1's: the generation prompt opens a thought that a given answer does not have.
    "open thought": CHATML.replace("assistant\n' }}{% endif", "assistant\n<think>\n' }}{% endif"),
    # As Zephyr's: the end of turn is followed by nothing, and contents are trimmed.
    "trimmed": "{% for message in messages %}{{ '[' + message['role'] + ']' "
    "+ message['content'] | trim + '<|im_end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '[assistant]' }}{% endif %}",
}
EXCHANGES = [
    (MESSAGES[1:2], MESSAGES[2:3], MESSAGES[3:4]),
    (MESSAGES[:2], MESSAGES[2:3], MESSAGES[3:4]),
    (MESSAGES[1:3] + MESSAGES[4:], [{"role": "assistant", "content": " Rayleigh. "}], MESSAGES[3:4]),
    (MESSAGES[1:2], MESSAGES[2:3] + MESSAGES[4:] + MESSAGES[2:3], MESSAGES[2:3]),
]


def texts():
    rng = random.Random(0)
    cases = list(HAND_MADE)
    while len(cases) < 60:
        shared, chosen, rejected = (
            "".join(rng.choices(PARTS, k=rng.randrange(low, 5))) for low in (1, 0, 0)
        )
        chosen, rejected = shared + chosen, shared + rejected
        # Equal texts are skipped by the reader; without a shared start TRL indexes by -1.
        if chosen != rejected:
            cases.append((chosen, rejected))
    return [{"chosen": c, "rejected": r, **named(extract_prompt({"chosen": c, "rejected": r}))} for c, r in cases]


def named(split):
    return {"split": [split["prompt"], split["chosen"], split["rejected"]]}


def conversations():
    rng = random.Random(1)
    cases = []
    while len(cases) < 30:
        chosen, rejected = (rng.choices(MESSAGES[1:], k=rng.randrange(1, 4)) for _ in range(2))
        if rng.random() < 0.8:
            chosen, rejected = MESSAGES[:2] + chosen, MESSAGES[:2] + rejected
        if chosen != rejected:
            case = {"chosen": chosen, "rejected": rejected}
            cases.append({**case, **named(extract_prompt(case))})
    return cases


def rendered():
    words = Tokenizer(models.WordLevel({"<unk>": 0}, unk_token="<unk>"))
    cases = []
    for name, template in TEMPLATES.items():
        tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, chat_template=template)
        for prompt, chosen, rejected in EXCHANGES:
            example = {"prompt": prompt, "chosen": chosen, "rejected": rejected}
            cases.append({"template": name, **example, **named(apply_chat_template(example, tokenizer))})
    return cases


def parquet():
    folder = OUTPUT / "parquet"
    folder.mkdir(exist_ok=True)
    standard = [
        {"prompt": f"Frage {i} é😀", "chosen": f"gut {i}", "rejected": f"bad {i}", "score": i / 2}
        for i in range(3)
    ]
    message = pa.struct([("role", pa.string()), ("content", pa.string())])
    talks = [
        {
            "id": 7 + i,
            "chosen": [MESSAGES[1], {"role": "assistant", "content": f"It is blue {i}."}],
            "rejected": [MESSAGES[1], {"role": "assistant", "content": f"It is red {i}."}],
        }
        for i in range(3)
    ]
    layout = pa.schema([("id", pa.int64()), ("chosen", pa.list_(message)), ("rejected", pa.list_(message))])
    for codec in ("none", "snappy", "zstd", "gzip", "brotli", "lz4"):
        pq.write_table(pa.Table.from_pylist(standard), folder / f"standard_{codec}.parquet", compression=codec, row_group_size=2)
    pq.write_table(pa.Table.from_pylist(talks, layout), folder / "conversational.parquet")
    pq.write_table(
        pa.Table.from_pylist(talks, layout), folder / "conversational_plain.parquet",
        use_dictionary=False, data_page_version="2.0", compression="zstd",
    )
    empty = pa.schema([("prompt", pa.string()), ("chosen", pa.string()), ("rejected", pa.string())])
    pq.write_table(empty.empty_table(), folder / "no_rows.parquet")
    missing = [{"prompt": "p", "chosen": "c", "rejected": None}]
    pq.write_table(pa.Table.from_pylist(missing, empty), folder / "null_field.parquet")
    raw = pa.table({"prompt": ["p"], "chosen": ["c"], "rejected": pa.array([b"\xff\xfe"], pa.binary()).view(pa.string())})
    pq.write_table(raw, folder / "bad_utf8.parquet")
    scored(folder)
    integers(folder)


def scored(folder):
    """Conversations with TRL's log-probabilities of two policies: of 32 and 64 bits, lengths as int64."""
    turn = lambda role, content: {"role": role, "content": content}  # noqa: E731
    rows = [
        {
            "id": f"pair {i}",
            "prompt": [turn("user", f"Frage {i} é😀")],
            "chosen": [turn("assistant", f"gut {i}")],
            "rejected": [turn("assistant", f"bad {i}")],
            "policy_chosen_logps": -10.0 + 0.5 * i, "policy_rejected_logps": -12.0 + 0.25 * (i * i % 7),
            "ref_chosen_logps": -11.0, "ref_rejected_logps": -11.5,
            "chosen_length": 4 + i, "rejected_length": 9 - i,
            "flipped": i % 3 == 0, "source": "web" if i % 2 else "books",
        }
        for i in range(8)
    ]
    message = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
    layout = pa.schema([
        ("id", pa.string()), ("prompt", message), ("chosen", message), ("rejected", message),
        ("policy_chosen_logps", pa.float32()), ("policy_rejected_logps", pa.float64()),
        ("ref_chosen_logps", pa.float32()), ("ref_rejected_logps", pa.float32()),
        ("chosen_length", pa.int64()), ("rejected_length", pa.int64()),
        ("flipped", pa.bool_()), ("source", pa.dictionary(pa.int32(), pa.string())),
    ])
    pq.write_table(pa.Table.from_pylist(rows, layout), folder / "scored.parquet", row_group_size=3)
    columns = ["id", "policy_chosen_logps", "policy_rejected_logps"]
    # An older policy, in another order: records are matched by id.
    older = [{**row, "policy_chosen_logps": row["policy_chosen_logps"] - 0.5 * (i % 2)} for i, row in enumerate(rows)]
    table = pa.Table.from_pylist(older[::-1], layout).select(columns)
    pq.write_table(table, folder / "scored_history.parquet", compression="zstd")


def integers(folder):
    """What 64-bit integers and NaN make hard: token ids in lists, integer scores, ids beyond 2^53."""
    rows = [
        {
            "prompt": f"q{i}", "chosen": f"good {i}", "rejected": f"bad {i}",
            "chosen_logps": -1.0 - i, "rejected_logps": -3.0, "ref_chosen_logps": -2.0, "ref_rejected_logps": -2.0,
            "chosen_input_ids": [1, 2 + i], "meta": {"annotator": 2**60 + i, "turns": [i]},
            "score_chosen": 8 - i, "score_rejected": 3 + i, "score": [1.0, float("nan"), 2.0][i],
        }
        for i in range(3)
    ]
    pq.write_table(pa.Table.from_pylist(rows), folder / "integers.parquet")
    responses = [
        {"prompt": "q", "response": text, "logp": logp, "ref_logp": -1.0, "token_ids": ids}
        for text, logp, ids in [("x", -1.0, [1, 2]), ("y", -2.0, [3])]
    ]
    pq.write_table(pa.Table.from_pylist(responses), folder / "candidates.parquet")


values = {
    "madeBy": f"trl {trl.__version__}",
    "texts": texts(),
    "conversations": conversations(),
    "templates": TEMPLATES,
    "rendered": rendered(),
}
(OUTPUT / "trl_formats.json").write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n")
parquet()
