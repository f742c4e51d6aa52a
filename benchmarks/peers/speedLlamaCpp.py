"""Prompts and answers by rows and context with llama.cpp: a peer of benchmarks/speed.ts.

Reads {"model": {"gguf": {dtype: path}}, "dtype", "threads", "cellSeconds", "places"} from the file named as first argument and prints a document with one
entry for each place. Every row is a sequence with a cache of its own (`kv_unified` off, which is the faster way for rows that share nothing); one prompt is
run and copied to all rows, which changes no cost. An answer's pass takes the likeliest token of every row.

Versions: requirements.txt beside this file.
"""
import ctypes
import json
import sys

import llama_cpp
import numpy as np

from timing import measure_cells

BATCH_TOKENS = 2048
ROOM = 256  # for the answer

job = json.load(open(sys.argv[1]))
random = np.random.default_rng(0)
llama_cpp.llama_log_set(SILENT := llama_cpp.llama_log_callback(lambda *_: None), ctypes.c_void_p(0))
llama_cpp.llama_backend_init()
model = llama_cpp.llama_model_load_from_file(
    job["model"]["gguf"][job["dtype"]].encode(), llama_cpp.llama_model_default_params()
)
vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))


class Rows:
    """A context with so many sequences, which it holds until the next one is made."""

    current = None

    def __init__(self, rows, positions):
        if Rows.current:
            Rows.current.free()
        Rows.current = self
        settings = llama_cpp.llama_context_default_params()
        settings.n_ctx = rows * positions
        settings.n_seq_max = rows
        settings.n_batch = BATCH_TOKENS
        settings.n_ubatch = 512
        settings.kv_unified = False
        settings.n_threads = settings.n_threads_batch = job["threads"]
        settings.type_k = settings.type_v = llama_cpp.GGML_TYPE_F32 if job["dtype"] == "float32" else llama_cpp.GGML_TYPE_F16
        self.context = llama_cpp.llama_init_from_model(model, settings)
        if not self.context:
            raise MemoryError("llama.cpp has no memory for this context")
        self.memory = llama_cpp.llama_get_memory(self.context)
        self.batch = llama_cpp.llama_batch_init(BATCH_TOKENS, 0, 1)

    def free(self):
        llama_cpp.llama_batch_free(self.batch)
        llama_cpp.llama_free(self.context)

    def run(self, tokens):
        """tokens: (id, position, sequence, whether logits are wanted)"""
        for start in range(0, len(tokens), BATCH_TOKENS):
            part = tokens[start : start + BATCH_TOKENS]
            for i, (token, position, sequence, wanted) in enumerate(part):
                self.batch.token[i] = token
                self.batch.pos[i] = position
                self.batch.n_seq_id[i] = 1
                self.batch.seq_id[i][0] = sequence
                self.batch.logits[i] = wanted
            self.batch.n_tokens = len(part)
            if llama_cpp.llama_decode(self.context, self.batch) != 0:
                raise RuntimeError("llama_decode failed")

    def prompt(self, sequence, context):
        ids = random.integers(vocabulary, size=context)
        return [(int(token), at, sequence, at == context - 1) for at, token in enumerate(ids)]


def prompts(batch, context):
    rows = Rows(batch, context + ROOM) if not Rows.current or Rows.current.size != (batch, context) else Rows.current
    rows.size = (batch, context)
    llama_cpp.llama_memory_clear(rows.memory, False)
    rows.run([token for sequence in range(batch) for token in rows.prompt(sequence, context)])


def answers(batch, context):
    rows = Rows(batch, context + ROOM)
    rows.size = None
    rows.run(rows.prompt(0, context))
    for sequence in range(1, batch):
        llama_cpp.llama_memory_seq_cp(rows.memory, 0, sequence, -1, -1)
    ids, at = [1] * batch, context

    def one_pass():
        nonlocal at
        rows.run([(token, at, sequence, True) for sequence, token in enumerate(ids)])
        for row in range(batch):
            logits = np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(rows.context, row), (vocabulary,))
            ids[row] = int(logits.argmax())
        at += 1

    def back():
        nonlocal at
        for sequence in range(batch):
            llama_cpp.llama_memory_seq_rm(rows.memory, sequence, context, -1)
        at = context

    return one_pass, back


print(json.dumps({"versions": {"llama-cpp-python": llama_cpp.__version__}, "cells": measure_cells(job, prompts, answers)}))
