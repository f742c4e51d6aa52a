"""What scikit-learn makes of five data sets: golden values of probes.test.ts.

Usage: python tests/parity/probes.py [MODEL]   (numpy, scikit-learn; MODEL, a Hugging Face folder of SmolLM2-135M-Instruct, needs torch and transformers)
Writes tests/parity/golden/probes/probes.json. With MODEL it first writes the activations beside it: residual stream after block 15
of tokens that the model samples itself, 30 texts of 20 tokens, float16, three files of 200 rows; label: does the next token open a word?
Features of the other sets are drawn with RandomState.randint, which main/analysis/probes/mersenneTwister.ts repeats.
AUROC is of pairs within folds, its interval widened to that of independent pairs where all are ranked alike; average precision ranks log odds less their mean over the fold, as docs/methods/probes.md says.
`lbfgs` below is that solver's objective; its optimum comes from `newton-cholesky`, which has the same one and reaches it.
"""
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy.stats import binomtest, norm, t
from sklearn.covariance import ledoit_wolf
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

GOLDEN = Path(__file__).parent / "golden" / "probes"
ROWS, WIDTH, PART = 600, 576, 200


def activations(model_folder):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(7)
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32).eval()
    rows, labels = [], []
    for text in range(30):
        ids = tokenizer(f"Story {text + 1}. Once upon a time", return_tensors="pt").input_ids
        start = ids.shape[1]
        with torch.inference_mode():
            ids = model.generate(ids, do_sample=True, temperature=1.0, top_k=0, min_new_tokens=21, max_new_tokens=21, pad_token_id=0)
            states = model(ids, output_hidden_states=True).hidden_states[16][0]
        for position in range(start, start + 20):
            rows.append(states[position].numpy())
            labels.append(int(tokenizer.decode(ids[0, position + 1]).startswith(" ")))
    half = np.stack(rows).astype(np.float16)
    assert half.shape == (ROWS, WIDTH) and np.isfinite(half).all()
    for part in range(ROWS // PART):
        (GOLDEN / f"activations{part}.f16").write_bytes(half[part * PART:(part + 1) * PART].tobytes())
    return labels


def drawn(seed, rows, width):
    """Sums of four uniform integers: near to normal, the same in any language."""
    integers = np.random.RandomState(seed).randint(0, 65536, size=(rows, width, 4))
    return (integers.sum(axis=2) - 131070) / 37837.0


def separable():
    x = drawn(1, 200, 20)
    y = np.arange(200) % 2
    x[:, 0] += 6 * (2 * y - 1)
    return x, y, np.arange(200) // 10


def imbalanced():
    x = drawn(2, 500, 30)
    y = (x[:, 0] + 0.5 * x[:, 1] + drawn(3, 500, 1)[:, 0] > 2.4).astype(int)
    return x, y, np.arange(500) // 20


def collinear():
    x = drawn(4, 300, 12)
    x = np.hstack([x, x[:, :6] * 3, x[:, 6:9] + 1e-3 * drawn(5, 300, 3), 40 + drawn(6, 300, 1)])
    y = (x[:, 0] - x[:, 7] + drawn(7, 300, 1)[:, 0] > 0).astype(int)
    return x, y, np.arange(300) // 12


def wide():
    x = drawn(8, 90, 400)
    y = (x[:, 0] + drawn(9, 90, 1)[:, 0] > 0).astype(int)
    return x, y, np.arange(90) // 6


def real(labels):
    parts = [np.frombuffer((GOLDEN / f"activations{part}.f16").read_bytes(), dtype=np.float16) for part in range(ROWS // PART)]
    return np.concatenate(parts).reshape(ROWS, WIDTH).astype(np.float64), np.array(labels), np.arange(ROWS) // 20


def solved(x, y, train, solver, standardize=False, balanced=False):
    scaler = StandardScaler().fit(x[train]) if standardize else None
    z = scaler.transform(x) if scaler else x
    options = dict(C=1.0, class_weight="balanced" if balanced else None)
    tight = (dict(solver="liblinear", tol=1e-13, max_iter=100_000) if solver == "liblinear"
             else dict(solver="newton-cholesky", tol=1e-12, max_iter=1000))
    model = LogisticRegression(**options, **tight).fit(z[train], y[train])
    w, b = model.coef_[0], model.intercept_[0]
    if scaler:
        w = w / scaler.scale_
        b = b - w @ scaler.mean_
    return w, b, model.predict_proba(z)[:, 1], model.decision_function(z)


def within_folds(folds):
    """roc_auc_score of each fold, weighted by its pairs of both classes."""
    def figure(y, scores, sample_weight):
        area, pairs = 0.0, 0.0
        for _, test in folds:
            weight = sample_weight[test]
            own = weight[y[test] == 1].sum() * weight[y[test] == 0].sum()
            if own > 0:
                area += own * roc_auc_score(y[test], scores[test], sample_weight=weight)
                pairs += own
        return area / pairs
    return figure


def disjoint_pairs(y, groups, folds):
    """Pairs of both classes within a fold of which no two share a group."""
    pairs = 0
    for _, test in folds:
        classes = [set(y[test][groups[test] == group]) for group in set(groups[test])]
        pairs += sum(len(own) == 2 for own in classes) + min(sum(own == {k} for own in classes) for k in (0, 1))
    return pairs


def estimate(figure, y, scores, groups, counts, pairs=None):
    """The figure and its percentiles over resampled groups, expanded as Hesterberg 2015 says; resamples with one class are left out."""
    values = []
    for count in counts:
        weight = count[groups]
        if len(set(y[weight > 0])) == 2:
            values.append(figure(y, scores, sample_weight=weight))
    g = counts[0].sum()
    tail = 100 * norm.cdf(np.sqrt(g / (g - 1)) * t.ppf(0.025, g - 1))
    value, ends = figure(y, scores, sample_weight=np.ones(len(y))), np.percentile(values, [tail, 100 - tail])
    if pairs and value in (0, 1):
        wilson = binomtest(int(value * pairs), pairs).proportion_ci(0.95, "wilson")
        ends = min(ends[0], wilson.low), max(ends[1], wilson.high)
    return [value, *ends]


def described(x, y, groups, variants):
    folds = list(GroupKFold(5, shuffle=True, random_state=42).split(x, y, groups))
    order = list(range(len(set(groups))))
    np.random.RandomState(42).shuffle(order)
    g = len(order)
    counts = [np.bincount(draw, minlength=g) for draw in np.random.RandomState(42).randint(0, g, size=(200, g))]
    out = {"rows": len(y), "width": x.shape[1], "positives": int(y.sum()), "shuffledGroups": order,
           "testRows": [test.tolist() for _, test in folds], "variants": []}
    for solver, standardize, balanced in variants:
        w, b, p, _ = solved(x, y, np.arange(len(y)), solver, standardize, balanced)
        held, evidence = np.zeros(len(y)), np.zeros(len(y))
        for train, test in folds:
            fold = solved(x, y, train, solver, standardize, balanced)
            held[test], evidence[test] = fold[2][test], fold[3][test] - fold[3][test].mean()
        out["variants"].append({
            "solver": solver, "standardize": standardize, "balanced": balanced,
            "coefficients": w.tolist(), "intercept": b, "probabilities": p.tolist(), "heldOut": held.tolist(),
            "accuracy": float(np.mean((held > 0.5) == y)),
            "auroc": estimate(within_folds(folds), y, evidence, groups, counts, disjoint_pairs(y, groups, folds)),
            "auprc": estimate(average_precision_score, y, evidence, groups, counts),
            "brier": estimate(brier_score_loss, y, held, groups, counts),
        })
    centred = x - np.stack([x[y == k].mean(axis=0) for k in (0, 1)])[y]
    out["ledoitWolf"] = ledoit_wolf(centred, assume_centered=True)[1]
    ridge = Ridge(alpha=1.0).fit(x, 2 * y - 1)
    out["ridge"] = {"coefficients": ridge.coef_.tolist(), "intercept": float(ridge.intercept_)}
    return out


def softmax():
    x = drawn(10, 240, 15)
    y = np.argmax(x[:, :3] + drawn(11, 240, 3), axis=1)
    # newton-cholesky pins one class's intercept; lbfgs shares it out, as we do.
    model = LogisticRegression(C=1.0, solver="lbfgs", tol=1e-12, max_iter=10_000).fit(x, y)
    return {"rows": 240, "width": 15, "labels": y.tolist(), "coefficients": model.coef_.tolist(), "intercepts": model.intercept_.tolist(),
            "probabilities": model.predict_proba(x).tolist()}


def rounded(value):
    """Ten digits where probabilities and coefficients are compared to 1e-5 and 1e-4; figures stay whole."""
    return float(f"{value:.10g}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    GOLDEN.mkdir(parents=True, exist_ok=True)
    file = GOLDEN / "probes.json"
    labels = activations(sys.argv[1]) if len(sys.argv) > 1 else json.loads(file.read_text())["realLabels"]
    plain = [("liblinear", False, False), ("lbfgs", False, False)]
    sets = {
        "separable": described(*separable(), plain),
        "imbalanced": described(*imbalanced(), [*plain, ("liblinear", False, True)]),
        "collinear": described(*collinear(), [*plain, ("lbfgs", True, False)]),
        "wide": described(*wide(), plain),
        "real": described(*real(labels), [*plain, ("liblinear", True, False)]),
    }
    for one in sets.values():
        for variant in one["variants"]:
            for key in ("coefficients", "probabilities", "heldOut"):
                variant[key] = [rounded(v) for v in variant[key]]
        one["ridge"]["coefficients"] = [rounded(v) for v in one["ridge"]["coefficients"]]
    versions = {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__}
    document = {"versions": versions, "realLabels": labels, "sets": sets, "softmax": softmax()}
    file.write_text(json.dumps(document, separators=(",", ":")))
    print(file.stat().st_size, "bytes")
