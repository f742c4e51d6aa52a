"""Loading a model with transformers, and its memory: a peer of benchmarks/load.ts.

Reads {"model": {"folder": path}, "rows": r, "tokens": t} from the file named as first argument. Imports are not counted as loading.

Versions: requirements.txt beside this file.
"""
import json
import resource
import sys

import psutil
import torch
from transformers import AutoModelForCausalLM

from timing import timed

job = json.load(open(sys.argv[1]))
model = None


def load():
    global model
    model = AutoModelForCausalLM.from_pretrained(job["model"]["folder"], dtype=torch.float32).eval()


wall, cores = timed(load)
loaded = psutil.Process().memory_info().rss
with torch.inference_mode():
    ids = torch.randint(1000, (job["rows"], job["tokens"]))
    model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=2, do_sample=False, pad_token_id=0)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"loadWallSeconds": wall, "loadCoreSeconds": cores, "loadedBytes": loaded, "peakBytes": peak}))
