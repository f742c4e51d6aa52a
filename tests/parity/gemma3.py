"""What transformers computes with Gemma 3 270M's dequantised Q4_K_M weights: golden values of gemma3.test.ts.

Usage: python tests/parity/gemma3.py FILE.gguf   (needs torch, transformers, gguf; 3 GB of memory, a minute)
scripts/fetchGemma3.ts fetches the file and prints its path.
Writes tests/parity/golden/gemma3.json: of each text its ids, 24 greedy tokens, and samples of the last position's logits and, for
the first text, of every hook point in three layers (the middle one without a window). The last text is longer than the window.
"""
import hashlib
import json
import sys
from importlib.metadata import version
from math import isfinite
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
from reference import TEXT, Recorder, about, axes_of, load  # noqa: E402

LAYERS = [0, 5, 17]
EVERY_TOKEN = 499  # of the vocabulary
EVERY_VALUE = 13  # of a hook point's values at one position
LONG = " ".join(f"Step {i}: the agent asks whether the thing is number {i} of the list." for i in range(1, 36))
TEXTS = [TEXT, "The capital of France is", LONG]

path = Path(sys.argv[1])
model, tokenizer = load(path.parent, path.name)


def significant(tensor):
    """JSON has no infinities: a key that is out of sight is null."""
    return [float(f"{value:.7g}") if isfinite(value) else None for value in tensor.flatten().tolist()]


def greedy(ids):
    """24 likeliest tokens one by one, and by how much each was likelier than the next."""
    whole = torch.tensor([ids])
    settings = {"max_new_tokens": 24, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
    out = model.generate(
        whole, attention_mask=torch.ones_like(whole), return_dict_in_generate=True, output_scores=True, **settings
    )
    leads = [float(best - next_best) for best, next_best in (scores[0].topk(2).values for scores in out.scores)]
    return out.sequences[0, len(ids) :].tolist(), leads


def is_kept(name):
    return not name.startswith("blocks.") or int(name.split(".")[1]) in LAYERS


def last_row(name, value):
    """One position's values; of a pattern each head's row."""
    return value[:, -1] if axes_of(name) == "B H S T" else value[-1]


cases = []
for index, text in enumerate(TEXTS):
    ids = tokenizer(text)["input_ids"]
    logits, values = Recorder(model).record(ids)
    chosen, margins = greedy(ids)
    hooks = {name: significant(last_row(name, value).flatten()[::EVERY_VALUE]) for name, value in values.items() if is_kept(name)}
    cases.append(
        {
            "text": text,
            "ids": ids,
            "greedy": chosen,
            "smallestLead": min(margins),
            "largestId": int(logits[-1].argmax()),
            "logits": significant(logits[-1, ::EVERY_TOKEN]),
            "hooks": hooks if index == 0 else {name: hooks[name] for name in hooks if name.endswith("hook_resid_post")},
        }
    )
    print(f"{len(ids)} ids, smallest lead {min(margins):.3f}, {len(cases[-1]['hooks'])} hook points")

golden = {
    **about("tests/parity/gemma3.py"),
    "gguf": version("gguf"),
    "weights": {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()},
    "everyToken": EVERY_TOKEN,
    "everyValue": EVERY_VALUE,
    "cases": cases,
}
(Path(__file__).parent / "golden" / "gemma3.json").write_text(json.dumps(golden) + "\n")
