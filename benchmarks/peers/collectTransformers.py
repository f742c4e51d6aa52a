"""The collect job's model work, done with transformers: a peer of benchmarks/collect.ts.

Reads {"model": {"folder": path}, "layer": l, "batch": b, "threads": t, "steps": [{"promptIds": [...], "newTokens": n}]} from the file named as
first argument. Each step is generated with a key/value cache and as many new tokens as the step had (a step that ended
early costs the same here as there), while the residual stream after one block is kept for all positions, as upstream
does. Prompts are padded on the left within a batch, as transformers' `generate` needs it; no prefix is reused between
steps, since `generate` cannot. Prints one JSON document with wall and processor seconds.

Versions: requirements.txt beside this file.
"""
import json
import sys

import torch
import transformers
from transformers import AutoModelForCausalLM

from timing import timed

job = json.load(open(sys.argv[1]))
torch.set_num_threads(job["threads"])
model = AutoModelForCausalLM.from_pretrained(job["model"]["folder"], dtype=torch.float32).eval()

kept = []
model.model.layers[job["layer"]].register_forward_hook(
    lambda _module, _inputs, output: kept.append((output[0] if isinstance(output, tuple) else output).clone())
)


@torch.inference_mode()
def generate(steps):
    kept.clear()
    longest = max(len(s["promptIds"]) for s in steps)
    ids = torch.tensor([[0] * (longest - len(s["promptIds"])) + s["promptIds"] for s in steps])
    mask = torch.tensor([[0] * (longest - len(s["promptIds"])) + [1] * len(s["promptIds"]) for s in steps])
    new = max(s["newTokens"] for s in steps)
    model.generate(
        input_ids=ids,
        attention_mask=mask,
        max_new_tokens=new,
        min_new_tokens=new,
        do_sample=True,
        top_k=0,
        pad_token_id=0,
    )


steps = job["steps"]
generate(steps[:1])  # warm up
batches = [steps[start : start + job["batch"]] for start in range(0, len(steps), job["batch"])]
wall, cores = timed(lambda: [generate(batch) for batch in batches])
print(
    json.dumps(
        {
            "steps": len(steps),
            "wallSeconds": wall,
            "coreSeconds": cores,
            "versions": {"transformers": transformers.__version__, "torch": torch.__version__},
        }
    )
)
