"""The fits of benchmarks/probes.ts, done with scikit-learn: a peer of it.

Reads {"file": path, "cells": n, "rows": n, "width": d, "folds": [[test rows], ...]} from the file named as first argument. The file
has each cell's features (float32, row-major) and labels (int32), one cell after another. Every fold of every cell is fitted at
scikit-learn's default tolerance, with enough iterations to reach it; AUROC is of the held-out log odds less the training classes'.
Prints one JSON document with processor seconds.

Versions: requirements.txt beside this file.
"""
import json
import os
import resource
import sys
import time
import warnings

for library in ("OMP", "OPENBLAS", "MKL"):  # before NumPy reads it
    os.environ[f"{library}_NUM_THREADS"] = "1"

import numpy as np
import scipy
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

warnings.simplefilter("ignore")
job = json.load(open(sys.argv[1]))
rows, width = job["rows"], job["width"]
folds = [np.array(test) for test in job["folds"]]
solvers = {}
for solver in ("liblinear", "lbfgs"):
    seconds, areas = 0.0, []
    for cell in range(job["cells"]):
        start = cell * rows * (width + 1) * 4
        x = np.fromfile(job["file"], dtype=np.float32, count=rows * width, offset=start).reshape(rows, width)
        y = np.fromfile(job["file"], dtype=np.int32, count=rows, offset=start + rows * width * 4)
        began = time.process_time()
        evidence = np.zeros(rows)
        for test in folds:
            train = np.setdiff1d(np.arange(rows), test)
            model = LogisticRegression(C=1.0, solver=solver, max_iter=1000).fit(x[train], y[train])
            prior = y[train].mean()
            evidence[test] = model.decision_function(x[test]) - np.log(prior / (1 - prior))
        seconds += time.process_time() - began
        areas.append(roc_auc_score(y, evidence))
    solvers[solver] = {"seconds": seconds, "auroc": areas}
versions = {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__}
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"solvers": solvers, "versions": versions, "peakBytes": peak}))
