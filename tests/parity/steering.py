"""What NumPy, SciPy and scikit-learn make of a small data set: golden values of steering.test.ts.

Usage: python tests/parity/steering.py   (needs numpy, scipy, scikit-learn)
Writes tests/parity/golden/steering.json: the data, the expected values and the versions they come from. Formulae are those of the
case study (per-step differences of means, cosines, SVD of centred vectors, target step, tables), written down once more here.
"""
import json
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy import stats
from sklearn.covariance import ledoit_wolf

GOLDEN = Path(__file__).parent / "golden" / "steering.json"
LEAST = 5


def rows(seed, episodes, steps, width):
    """Residuals that lie apart by class in a few columns, drift over steps, and are the same for all episodes at step 0."""
    draw = np.random.default_rng(seed)
    direction, drift = draw.normal(size=(2, width))
    data, labels, groups, at = [], [], [], []
    for episode in range(episodes):
        own = draw.normal(size=width)
        for step in range(steps - (episode % 3)):
            label = int(draw.random() < 0.35 + 0.03 * step)
            noise = draw.normal(size=width) + 0.5 * own
            value = 0.3 * drift * step + (0.8 * direction * (1 if label else -1) + noise if step else 4 * drift)
            data.append(value)
            labels.append(label)
            groups.append(100 + episode)
            at.append(step)
    return {
        "width": width,
        "data": np.asarray(data, dtype=np.float32),
        "labels": np.asarray(labels),
        "episodes": np.asarray(groups),
        "steps": np.asarray(at),
    }


def difference(data, labels):
    return data[labels == 1].mean(axis=0) - data[labels == 0].mean(axis=0)


def contrast(set_):
    data, labels, steps = set_["data"].astype(np.float64), set_["labels"], set_["steps"]
    per_step = []
    for step in range(steps.max() + 1):
        chosen = steps == step
        counts = [int((labels[chosen] == label).sum()) for label in (0, 1)]
        vector = difference(data[chosen], labels[chosen]) if min(counts) >= LEAST else None
        if vector is not None and np.linalg.norm(vector) < 1e-4:
            vector = None  # step 0: all prompts are the same
        per_step.append({"step": step, "counts": counts, "vector": vector})
    vectors = np.stack([entry["vector"] for entry in per_step if entry["vector"] is not None])
    norms = np.linalg.norm(vectors, axis=1)
    centred = vectors - vectors.mean(axis=0)
    _, singular, right = np.linalg.svd(centred, full_matrices=False)
    axes = right[:2] * np.sign(right[:2][range(2), np.abs(right[:2]).argmax(axis=1)])[:, None]
    pooled = difference(data, labels)
    along = data @ pooled / np.linalg.norm(pooled)
    spread = np.sqrt((along[labels == 1].var(ddof=1) + along[labels == 0].var(ddof=1)) / 2)
    within = data - np.stack([data[labels == label].mean(axis=0) for label in (0, 1)])[labels]
    covariance, shrinkage = ledoit_wolf(within, assume_centered=True)
    whitened = np.linalg.solve(covariance, pooled)
    windows = [difference(data[steps // 3 == window], labels[steps // 3 == window]) for window in range(steps.max() // 3 + 1)]
    return {
        "pooled": pooled,
        "perStep": per_step,
        "windowsOfThree": windows,
        "cosines": vectors @ vectors.T / np.outer(norms, norms),
        "path": centred @ axes.T,
        "explained": singular[:2] ** 2 / (singular**2).sum(),
        "dPrime": (along[labels == 1].mean() - along[labels == 0].mean()) / spread,
        "residualNorm": np.median(np.linalg.norm(data, axis=1)),
        "shrinkage": shrinkage,
        "whitened": whitened * np.linalg.norm(pooled) / np.linalg.norm(whitened),
    }


def pairs(seed, count, width):
    """Pairs of rows that differ along one direction and by noise."""
    draw = np.random.default_rng(seed)
    direction = draw.normal(size=width)
    away = draw.normal(size=(count, width))
    towards = away + direction * draw.normal(1.5, 0.4, size=(count, 1)) + 0.3 * draw.normal(size=(count, width))
    data = np.stack([away, towards], axis=1).reshape(2 * count, width).astype(np.float32)
    differences = data[1::2].astype(np.float64) - data[::2].astype(np.float64)
    component = np.linalg.svd(differences, full_matrices=False)[2][0]
    return {"width": width, "data": data, "vector": component * (differences @ component).mean()}


def target_step(evidence):
    """The case study's rule: the largest accuracy × invalid rate of those that qualify, else the highest accuracy; ties to the earlier step."""
    candidates = []
    for entry in evidence:
        n = entry["valid"] + entry["invalid"]
        rate = entry["invalid"] / n if n else 0.0
        if entry["accuracy"] >= 0.85 and rate >= 0.3 and min(entry["valid"], entry["invalid"]) >= LEAST:
            candidates.append((-entry["accuracy"] * rate, entry["step"]))
    if candidates:
        return min(candidates)[1]
    return max(evidence, key=lambda entry: (entry["accuracy"], -entry["step"]))["step"]


def evidence(seed, accuracies):
    draw = np.random.default_rng(seed)
    return [
        {"step": step, "accuracy": float(accuracy), "valid": int(draw.integers(2, 30)), "invalid": int(draw.integers(2, 30))}
        for step, accuracy in enumerate(accuracies)
    ]


def sweep(seed):
    draw = np.random.default_rng(seed)
    conditions = []
    for alpha in (None, 0.5, 1.0, 2.0, 4.0):
        episodes = []
        for episode in range(8):
            length = int(draw.integers(12, 21))
            episodes.append({
                "episode": episode,
                "steps": [
                    {
                        "step": step,
                        "isInvalid": bool(draw.random() < 0.7 - 0.06 * (alpha or 0)),
                        "completion": f"Is it {step}{'?' if draw.random() < 0.5 + 0.08 * (alpha or 0) else '.'}",
                        "isSteered": alpha is not None and step > 0,
                    }
                    for step in range(length)
                ],
            })
        conditions.append({"id": "baseline" if alpha is None else f"alpha={alpha}", "alpha": alpha, "episodes": episodes})
    return conditions


def tables(conditions):
    steps = [[step for episode in condition["episodes"] for step in episode["steps"]] for condition in conditions]

    def share(chosen, holds=lambda step: step["isInvalid"]):
        hits = sum(1 for step in chosen if holds(step))
        return {"hits": hits, "steps": len(chosen), "rate": hits / len(chosen) if chosen else None}

    def cells(low, high, holds=lambda step: step["isInvalid"]):
        return [share([step for step in each if low <= step["step"] <= high], holds) for each in steps]

    overall = cells(0, 99)
    rates = [entry["rate"] for entry in overall]
    best = min(range(1, len(conditions)), key=lambda index: rates[index])

    def rate(index, episode):
        chosen = conditions[index]["episodes"][episode]["steps"]
        return sum(step["isInvalid"] for step in chosen) / len(chosen)

    falls = [rate(0, episode) - rate(best, episode) for episode in range(len(conditions[0]["episodes"]))]
    return {
        "overall": overall,
        "differences": [None] + [value - rates[0] for value in rates[1:]],
        "phases": [cells(low, low + 4) for low in (0, 5, 10, 15)],
        "steps": [cells(step, step) for step in range(max(step["step"] for each in steps for step in each) + 1)],
        "questionMarks": cells(0, 9, lambda step: "?" in step["completion"]),
        "best": conditions[best]["id"],
        "rescuedEpisode": int(np.argmax(falls)),
    }


def plain(value):
    if isinstance(value, np.ndarray):
        return [plain(entry) for entry in value.tolist()]
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, (np.floating, float)):
        return float(value)
    if isinstance(value, np.integer):
        return int(value)
    return value


def flat(set_):
    return {**set_, "data": [float(f"{value:.9g}") for value in set_["data"].ravel()]}


def main():
    sets = {"tall": rows(1, 24, 9, 10), "wide": rows(2, 14, 6, 96)}
    matrix = np.random.default_rng(3).normal(size=(9, 9))
    symmetric = matrix + matrix.T
    degenerate = np.diag([2.0, 2.0, 0.0, -1.0]) + 0.0
    choices = [evidence(seed, accuracies) for seed, accuracies in [
        (4, np.linspace(0.7, 1.0, 12)),
        (5, [0.8, 0.84, 0.84, 0.6]),
        (6, [0.9] * 10),
    ]]
    conditions = sweep(7)
    values = np.random.default_rng(8).normal(size=41)
    golden = {
        "generator": "tests/parity/steering.py",
        "versions": {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__},
        "contrasts": {name: {"rows": flat(set_), "expected": contrast(set_)} for name, set_ in sets.items()},
        "pairs": flat(pairs(9, 20, 16)),
        "eigen": [{"matrix": entry, "values": np.linalg.eigvalsh(entry)[::-1]} for entry in (symmetric, degenerate)],
        "targetSteps": [{"evidence": entry, "step": target_step(entry)} for entry in choices],
        "sweep": {"conditions": conditions, "expected": tables(conditions)},
        "percentiles": {"values": np.sort(values), "shares": [0, 0.025, 0.31, 0.975, 1], "expected": np.percentile(values, [0, 2.5, 31, 97.5, 100])},
        "normal": [[z, stats.norm.cdf(z)] for z in (-6.0, -2.5, -0.3, 0.0, 1.0, 1.96, 4.2)],
        "student": [[t, freedom, stats.t.cdf(t, freedom)] for t in (-4.0, -0.7, 0.0, 1.3, 12.0) for freedom in (1, 2, 3, 4, 9, 19, 200)],
        "studentQuantiles": [[p, freedom, stats.t.ppf(p, freedom)] for p in (0.005, 0.2, 0.5, 0.975) for freedom in (1, 2, 4, 19, 200)],
    }
    GOLDEN.write_text(json.dumps(plain(golden), separators=(",", ":")) + "\n")
    print(GOLDEN.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
