"""Prompts and answers by rows and context with transformers: a peer of benchmarks/speed.ts.

Reads {"model": {"folder": path}, "threads": t, "cellSeconds": s, "places": [{"kind", "batch", "context"}]} from the file named as first argument and
prints a document with one entry for each place. An answer's pass has random keys and values behind it, as on our side, in transformers' own cache, and
takes the likeliest token. A cell that would take longer than `cellSeconds` is skipped.

Versions: requirements.txt beside this file.
"""
import json
import sys

import torch
import transformers
from transformers import AutoModelForCausalLM, DynamicCache

from timing import measure_cells

job = json.load(open(sys.argv[1]))
torch.set_num_threads(job["threads"])
torch.manual_seed(0)
model = AutoModelForCausalLM.from_pretrained(job["model"]["folder"], dtype=torch.float32).eval()
config = model.config
head_width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads


def ids(batch, count):
    return torch.randint(config.vocab_size, (batch, count))


@torch.inference_mode()
def prompts(batch, context):
    model(input_ids=ids(batch, context), use_cache=True, logits_to_keep=1)


@torch.inference_mode()
def answers(batch, context):
    cache = DynamicCache(config=config)
    for layer in range(config.num_hidden_layers):
        keys = torch.rand(batch, config.num_key_value_heads, context, head_width) - 0.5
        cache.update(keys, keys.clone(), layer)
    token = ids(batch, 1)

    def one_pass():
        nonlocal token
        with torch.inference_mode():
            logits = model(input_ids=token, past_key_values=cache, use_cache=True, logits_to_keep=1).logits
            token = logits[:, -1].argmax(-1, keepdim=True)

    def back():
        cache.crop(context - cache.get_seq_length())

    return one_pass, back


print(json.dumps({"versions": {"transformers": transformers.__version__, "torch": torch.__version__}, "cells": measure_cells(job, prompts, answers)}))
