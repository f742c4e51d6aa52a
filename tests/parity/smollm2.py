"""What transformers computes with SmolLM2-135M-Instruct's dequantised Q4_1 weights: golden values of smollm2.test.ts.

Usage: python tests/parity/smollm2.py FOLDER   (needs torch, transformers, gguf)
FOLDER holds SmolLM2-135M-Instruct.Q4_1.gguf; scripts/fetchSmolLM2.ts fetches it.
Writes tests/parity/golden/smollm2.json: of each prompt its ids, 40 greedy tokens, and samples of logits and residuals.
"""
import hashlib
import json
import sys
from importlib.metadata import version
from pathlib import Path



import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer

NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
NEW_TOKENS = 40
EVERY_TOKEN = 97  # of the vocabulary
EVERY_VALUE = 8  # of a residual
LAYERS = [0, 15, 29]

GAME = (
    "Let's play Twenty Questions! I'm thinking of an object. You have 20 questions to guess what it is. "
    "Ask yes/no questions to narrow down the possibilities. When you think you know the answer, ask 'Is it [object]?'"
)
HISTORY = "\n".join(f"Q{i}: Is it number {i} on the list of things that one finds in a kitchen?\nA: No." for i in range(1, 13))
PROMPTS = [
    "<|im_start|>user\n" + GAME + "<|im_end|>\n<|im_start|>assistant\n",
    "<|im_start|>user\n" + HISTORY + "<|im_end|>\n<|im_start|>assistant\n",
    "The capital of France is",
]

folder = sys.argv[1]
model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=NAME, dtype=torch.float32, attn_implementation="eager").eval()
tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=NAME)
residuals = {}
for layer in LAYERS:
    model.model.layers[layer].register_forward_hook(
        lambda _, __, output, layer=layer: residuals.__setitem__(layer, output.reshape(-1, output.shape[-1]))
    )


def significant(tensor):
    return [float(f"{value:.8g}") for value in tensor.flatten().tolist()]


cases = []
for text in PROMPTS:
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        whole = torch.tensor([ids])
        answer = model.generate(
            whole, attention_mask=torch.ones_like(whole), max_new_tokens=NEW_TOKENS, do_sample=False, eos_token_id=None, pad_token_id=0
        )[0, len(ids) :].tolist()
        logits = model(torch.tensor([ids + answer])).logits[0]
    positions = sorted({0, 1, len(ids) // 2, len(ids) - 1, len(ids), len(ids) + NEW_TOKENS - 1})
    cases.append(
        {
            "ids": ids,
            "greedy": answer,
            "positions": positions,
            "largestIds": logits[positions].argmax(-1).tolist(),
            "logits": [significant(logits[p, ::EVERY_TOKEN]) for p in positions],
            "residuals": {
                f"blocks.{layer}.hook_resid_post": [significant(residuals[layer][p, ::EVERY_VALUE]) for p in positions]
                for layer in LAYERS
            },
        }
    )

golden = {
    "generator": "tests/parity/smollm2.py",
    "versions": {"torch": torch.__version__, "transformers": transformers.__version__, "gguf": version("gguf")},
    "weights": {"file": NAME, "sha256": hashlib.sha256((Path(folder) / NAME).read_bytes()).hexdigest()},
    "everyToken": EVERY_TOKEN,
    "everyValue": EVERY_VALUE,
    "cases": cases,
}
(Path(__file__).parent / "golden" / "smollm2.json").write_text(json.dumps(golden) + "\n")
