"""Golden blocks for main/model/ggufDequantize.test.ts: random blocks of every type and what the package `gguf` makes of them.

Run: python tests/parity/ggufDequantize.py      Written with gguf 0.19.0 and numpy 2.
"""

import base64
import importlib.metadata
import json
import os

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
from gguf.quants import dequantize

blocks = 3
# Where in a block half-precision scales lie: random bytes there could be infinite or not a number.
scales = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q2_K": [80, 82], "Q3_K": [108],
    "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208],
}
rng = np.random.default_rng(7)
golden = {}
for name in ["F32", "F16", "BF16", *scales]:
    kind = GGMLQuantizationType[name]
    numbers, size = GGML_QUANT_SIZES[kind]
    count = blocks if numbers > 1 else 32
    if name == "F32":
        data = rng.standard_normal(count).astype("<f4").view(np.uint8).reshape(1, -1)
    elif name == "F16":
        values = np.concatenate([rng.standard_normal(count - 8), [0, -0.0, 6e-8, -6e-8, 65504, -65504, 1e-5, 6.1e-5]])
        data = values.astype("<f2").view(np.uint8).reshape(1, -1)
    else:
        data = rng.integers(0, 256, (count, size), dtype=np.uint8)
        for at in scales.get(name, []):
            halves = (rng.standard_normal(count) * 0.02).astype("<f2")
            data[:, at : at + 2] = halves.view(np.uint8).reshape(count, 2)
        if name == "BF16":
            data[:, 1] &= 0xBF  # keeps the exponent away from infinities
        data = data.reshape(1, -1)
    if name == "F32":
        values = data.view("<f4")
    elif name == "F16":
        values = data.view("<f2").astype("<f4")
    else:
        values = dequantize(data, kind)
    assert np.isfinite(values).all(), name
    golden[name] = {
        "blocks": base64.b64encode(data.tobytes()).decode(),
        "numbers": base64.b64encode(np.ascontiguousarray(values, dtype="<f4").tobytes()).decode(),
    }
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden", "ggufDequantize.json")
with open(path, "w") as f:
    json.dump({"versions": {"gguf": importlib.metadata.version("gguf"), "numpy": np.__version__}, "types": golden}, f, indent=1)
    f.write("\n")
print(os.path.getsize(path), "bytes")
