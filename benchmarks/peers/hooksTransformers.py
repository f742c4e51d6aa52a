"""Reading and changing activations with transformers' modules and PyTorch's forward hooks: a peer of benchmarks/hooks.ts.

Reads {"model": {"folder": path}, "batches": [[[id, ...], ...], ...], "newTokens": n, "threads": t} from the file named as first argument. Each way
generates greedily with a key/value cache; its first batch warms up, the median of the others is told. Patterns need eager attention,
which the other ways are spared. Prints one JSON document with core-seconds (processor time) by way.

Versions: requirements.txt beside this file.
"""
import json
import statistics
import sys
import time

import torch
import transformers
from transformers import AutoModelForCausalLM

job = json.load(open(sys.argv[1]))
torch.set_num_threads(job["threads"])
model = AutoModelForCausalLM.from_pretrained(job["model"]["folder"], dtype=torch.float32).eval()
layers = model.model.layers
middle = len(layers) // 2
torch.manual_seed(0)
direction = torch.rand(model.config.hidden_size) - 0.5
kept = []


def keep_residual(_module, _inputs, output):
    kept.append((output[0] if isinstance(output, tuple) else output).clone())


def keep_pattern(_module, _inputs, output):
    kept.append(output[1].clone())


def push(_module, _inputs, output):
    if isinstance(output, tuple):
        return (output[0] + direction, *output[1:])
    return output + direction


WAYS = {
    "none": [],
    "one residual read": [(layers[middle], keep_residual)],
    "all residuals read": [(layer, keep_residual) for layer in layers],
    "one pattern read": [(layers[middle].self_attn, keep_pattern)],
    "all patterns read": [(layer.self_attn, keep_pattern) for layer in layers],
    "steered at one residual": [(layers[middle], push)],
}


@torch.inference_mode()
def generate(batch):
    kept.clear()
    ids = torch.tensor(batch)
    settings = dict(max_new_tokens=job["newTokens"], min_new_tokens=job["newTokens"], do_sample=False, pad_token_id=0)
    cpu = time.process_time()
    model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), **settings)
    return time.process_time() - cpu


seconds = {}
for name, hooks in WAYS.items():
    model.set_attn_implementation("eager" if "pattern" in name else "sdpa")
    handles = [module.register_forward_hook(hook) for module, hook in hooks]
    times = [generate(batch) for batch in job["batches"]]
    assert bool(kept) == name.endswith("read")
    for handle in handles:
        handle.remove()
    seconds[name] = statistics.median(times[1:])
versions = {"torch": torch.__version__, "transformers": transformers.__version__}
print(json.dumps({"versions": versions, "coreSeconds": seconds}))
