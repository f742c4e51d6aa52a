"""Prompts and answers with TransformerLens, as upstream asks it: a peer of benchmarks/speed.ts.

Reads {"model": {"folder": path}, "threads": t, "cellSeconds": s, "places": [{"kind", "batch", "context"}]} from the file named as first argument and
prints a document with one entry for each place. A prompt is `generate` with one new token; an answer's tokens are what `generate` with more of
them takes beyond that, with its key/value cache.

Versions: requirements.txt beside this file.
"""
import json
import statistics
import sys
from importlib.metadata import version

import torch

from lens import open_bridge
from timing import REPEATS, figures, timed

NEW = 24

job = json.load(open(sys.argv[1]))
torch.set_num_threads(job["threads"])
torch.manual_seed(0)
model = open_bridge(job["model"]["folder"])


@torch.inference_mode()
def generate(batch, context, new):
    ids = torch.randint(model.cfg.d_vocab, (batch, context))
    model.generate(ids, max_new_tokens=new, stop_at_eos=False, do_sample=False, verbose=False, return_type="tokens")


generate(1, 256, 2)
rate = 256 / timed(lambda: generate(1, 256, 1))[0]
cells = []
for place in job["places"]:
    batch, context = place["batch"], place["context"]
    seconds = batch * context / rate * (1 if place["kind"] == "prefill" else 2)
    if seconds * REPEATS > job["cellSeconds"]:
        cells.append({"skipped": f"would take {round(seconds * REPEATS)} s"})
        continue
    first = [timed(lambda: generate(batch, context, 1)) for _ in range(REPEATS)]
    if place["kind"] == "prefill":
        cells.append(figures(first, batch * context))
        continue
    walls, cores = (statistics.median(each) for each in zip(*first))
    whole = [timed(lambda: generate(batch, context, 1 + NEW)) for _ in range(REPEATS)]
    cells.append(figures([(wall - walls, core - cores) for wall, core in whole], batch * NEW))
print(json.dumps({"versions": {"transformer-lens": version("transformer-lens"), "torch": torch.__version__}, "cells": cells}))
