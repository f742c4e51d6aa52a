"""A control vector as repeng exports it, for controlVector.test.ts, which asks our own bytes to be the same ones.

Usage: python tests/parity/controlVector.py   (needs repeng, gguf, numpy)
Writes tests/parity/golden/controlVector.gguf and, beside it, its numbers and the versions. Before that the file is read back by repeng
and held to what llama.cpp's common_control_vector_load asks of one: a tensor `direction.N` for each layer, N from 1, each a row of
float32, all of one length.
"""
import json
from importlib.metadata import version
from pathlib import Path

import gguf
import numpy as np

if not hasattr(np, "float_"):
    np.float_ = np.float64  # repeng 0.4 still calls it so, NumPy 2 does not

from repeng import ControlVector  # noqa: E402

GOLDEN = Path(__file__).parent / "golden"
# Of a length that is no multiple of the alignment, so that padding matters.
WIDTH, LAYERS = 19, (1, 2, 11)


def main():
    draw = np.random.default_rng(5)
    directions = {layer: draw.normal(size=WIDTH).astype(np.float32) for layer in LAYERS}
    path = GOLDEN / "controlVector.gguf"
    ControlVector(model_type="llama", directions=directions).export_gguf(path)

    back = ControlVector.import_gguf(path)
    assert back.model_type == "llama" and list(back.directions) == list(LAYERS)
    assert all((back.directions[layer] == directions[layer]).all() for layer in LAYERS)

    lengths = set()
    for tensor in gguf.GGUFReader(path).tensors:
        assert tensor.name.startswith("direction.") and int(tensor.name.split(".")[1]) >= 1
        assert tensor.tensor_type == gguf.GGMLQuantizationType.F32 and len(tensor.shape) == 1
        lengths.add(int(tensor.shape[0]))
    assert lengths == {WIDTH}

    golden = {
        "generator": "tests/parity/controlVector.py",
        "versions": {name: version(name) for name in ("repeng", "gguf", "numpy")},
        "hint": "llama",
        "directions": {str(layer): values.astype(float).tolist() for layer, values in directions.items()},
    }
    (GOLDEN / "controlVector.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
