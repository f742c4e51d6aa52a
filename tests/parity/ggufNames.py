"""What llama.cpp calls the tensors of the tiny decoders: golden values of ggufDecoders.test.ts.

Usage: python tests/parity/ggufNames.py   (needs gguf, safetensors)
Writes tests/parity/golden/ggufNames.json: for each architecture the name of every tensor in its tiny model, from the gguf
package's own tables. Experts have one tensor each in Hugging Face's files and one for all in llama.cpp's.
"""
import json
import re
from importlib.metadata import version
from pathlib import Path

import gguf
from safetensors import safe_open

GOLDEN = Path(__file__).parent / "golden"
FOLDERS = {
    "llama": "llama-biased-linear-rope-fp32",
    "mixtral": "mixtral",
    "qwen2": "qwen2",
    "qwen3": "qwen3",
    "qwen3moe": "qwen3-moe",
    "gemma2": "gemma2",
    "gemma3": "gemma3",
    "phi3": "phi3-longrope-window",
    "gpt2": "gpt2",
    "gptneox": "gpt-neox",
    "olmo2": "olmo2",
    "smollm3": "smollm3",
}
# What llama.cpp calls those that it does not call by their own name.
OTHERWISE = {"mixtral": "llama"}
ARCHITECTURES = {name: architecture for architecture, name in gguf.MODEL_ARCH_NAMES.items()}


def names_of(architecture, folder):
    table = gguf.get_tensor_name_map(ARCHITECTURES[OTHERWISE.get(architecture, architecture)], 3)
    names = {}
    with safe_open(GOLDEN / "decoders" / folder / "model.safetensors", "pt") as file:
        for name in file.keys():
            # The converter joins experts first, and asks for the name of the joined tensor then.
            joined = re.sub(r"\.experts\.\d+\.", ".experts.", name)
            found = table.get_name(joined, try_suffixes=(".weight", ".bias"))
            if found is None:
                raise SystemExit(f"{architecture}: no name for {joined}")
            names[name] = found
    return names


golden = {
    "generator": "tests/parity/ggufNames.py",
    "versions": {"gguf": version("gguf")},
    "folders": FOLDERS,
    "names": {architecture: names_of(architecture, folder) for architecture, folder in FOLDERS.items()},
}
(GOLDEN / "ggufNames.json").write_text(json.dumps(golden, indent=1) + "\n")
