"""Golden blocks for main/model/blockNumbers.test.ts: numbers of every kind, rounded to nearest in plain NumPy.

Run: python tests/parity/quantise.py      Written with numpy 2.
"""

import base64
import json
import os

import numpy as np

size = 32
rng = np.random.default_rng(11)
blocks = [
    rng.standard_normal((20, size)) * 0.02,
    rng.standard_normal((4, size)) * 1e4,
    np.zeros((1, size)),
    # Every tie between two integers, up to the largest: 7 or 127.
    np.linspace(-7, 7, 29)[np.newaxis, :].repeat(2, 0) @ np.eye(29, size),
    np.concatenate([np.arange(31) - 15.5, [127.0]])[np.newaxis, :],
    rng.standard_normal((2, size)) * 1e-42,  # below the smallest normal number
    np.array([[1e-45] + [0.0] * 31]),  # the smallest of all
]
values = np.concatenate(blocks).astype("<f4")
text = lambda array: base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
golden = {}
for kind, largest in [("int4", 7), ("int8", 127)]:
    scales = np.abs(values).max(axis=1) / np.float32(largest)
    safe = np.where(scales == 0, np.float32(1), scales)[:, np.newaxis]
    integers = np.where(scales[:, np.newaxis] == 0, 0, np.clip(np.rint(values / safe), -largest, largest)).astype(np.int8)
    assert scales.dtype == np.float32 and (values / safe).dtype == np.float32
    numbers = scales[:, np.newaxis] * integers.astype(np.float32)
    golden[kind] = {"integers": text(integers), "scales": text(scales), "numbers": text(numbers)}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden", "quantise.json")
with open(path, "w") as f:
    json.dump({"versions": {"numpy": np.__version__}, "values": text(values), "kinds": golden}, f, indent=1)
    f.write("\n")
print(os.path.getsize(path), "bytes")
