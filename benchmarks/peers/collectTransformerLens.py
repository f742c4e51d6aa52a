"""The collect job's model work as upstream does it, with TransformerLens: a peer of benchmarks/collect.ts.

Reads {"model": {"folder": path}, "layer": l, "threads": t, "steps": [{"promptIds": [...], "newTokens": n}]} from the file named as first argument. Each
step is one `generate` with as many new tokens as the step had, with TransformerLens's key/value cache, while the residual stream after one block is kept for
all positions. Prints one document with wall and core-seconds.

Versions: requirements.txt beside this file.
"""
import json
import sys
from importlib.metadata import version

import torch

from lens import open_bridge
from timing import timed

job = json.load(open(sys.argv[1]))
torch.set_num_threads(job["threads"])
model = open_bridge(job["model"]["folder"])
kept = []


@torch.inference_mode()
def generate(step):
    kept.clear()
    with model.hooks(fwd_hooks=[(f"blocks.{job['layer']}.hook_resid_post", lambda value, hook: kept.append(value.clone()))]):
        model.generate(
            torch.tensor([step["promptIds"]]),
            max_new_tokens=step["newTokens"],
            stop_at_eos=False,
            temperature=0.7,
            verbose=False,
            return_type="tokens",
        )
    assert len(kept) == step["newTokens"]


steps = job["steps"]
generate({**steps[0], "newTokens": 2})  # warm up
wall, cores = timed(lambda: [generate(step) for step in steps])
print(
    json.dumps(
        {"steps": len(steps), "wallSeconds": wall, "coreSeconds": cores, "versions": {"transformer-lens": version("transformer-lens")}}
    )
)
