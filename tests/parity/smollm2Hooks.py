"""Every hook point of SmolLM2-135M-Instruct at one position, in three layers: golden values of smollm2.test.ts.

Usage: python tests/parity/smollm2Hooks.py FOLDER   (needs torch, transformers, gguf, safetensors)
FOLDER holds SmolLM2-135M-Instruct.Q4_1.gguf; scripts/fetchSmolLM2.ts fetches it.
Writes tests/parity/golden/smollm2/innerview-reference.safetensors.
"""
import sys
from pathlib import Path

from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
from reference import FILE, TEXT, about, load, reference  # noqa: E402

LAYERS = [0, 15, 29]

model, tokenizer = load(Path(sys.argv[1]))
ids = tokenizer(TEXT, add_special_tokens=False)["input_ids"][:40]
tensors, lead = reference(model, ids, [len(ids) - 1])
kept = {
    name: value
    for name, value in tensors.items()
    if not name.startswith("blocks.") or int(name.split(".")[1]) in LAYERS
}
folder = Path(__file__).parent / "golden" / "smollm2"
folder.mkdir(exist_ok=True)
save_file(kept, folder / FILE, metadata=about("tests/parity/smollm2Hooks.py"))
print(f"{len(kept)} tensors, {(folder / FILE).stat().st_size // 1000} kB, smallest lead {lead:.2f}")
