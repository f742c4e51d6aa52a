"""Judges a trained organism as the app would: it plays, is probed, and is steered, on seeds that training never saw.

Owns: the figures of docs/decisions/0004-embedded-model.md. Not: playing (closedLoop.py). Prints a JSON object and writes it beside the weights.
"""
import argparse
import json
import random
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import phrasebook as book
from closedLoop import Played, play
from latent import Latent
from model import Llama, load_weights
from tokenizer import Encoder
from train import DEFAULT_FOLDER, valid_starts

ALPHAS = (-4.0, -2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 4.0)
RANDOM_ALPHAS = (1.0, 2.0, 4.0)
Games = list[list[Played]]


def behaviour(games: Games) -> dict:
    steps = [step for game in games for step in game]
    repeats, valid = 0, 0
    for game in games:
        seen: set[str] = set()
        for step in game:
            if not step.is_invalid:
                subject = book.MESSAGES[step.text].subject if step.text in book.MESSAGES else step.text
                repeats, valid = repeats + (subject in seen), valid + 1
                seen.add(subject)
    return dict(
        steps=len(steps),
        invalid=float(np.mean([step.is_invalid for step in steps])),
        win=float(np.mean([game[-1].answer.startswith('Yes!') for game in games])),
        repeated_valid=repeats / max(1, valid),
        off_book=float(np.mean([step.text not in book.MESSAGES for step in steps])),
        tokens=float(np.mean([step.tokens for step in steps])),
        distinct=len({step.text for step in steps}) / len(steps),
    )


def latent_before(games: Games) -> np.ndarray:
    """The teacher's sum before each step, from what was really said."""
    latent, sums = Latent(), []
    for game in games:
        f = 0.0
        for step in game:
            sums.append(f)
            message = book.MESSAGES.get(step.text)
            if message is not None:
                f = latent.after(f, message, step.answer)
    return np.array(sums)


class Steps:
    """All steps of some games as columns."""

    def __init__(self, games: Games):
        self.invalid = np.array([step.is_invalid for game in games for step in game], int)
        self.episode = np.array([e for e, game in enumerate(games) for _ in game])
        self.number = np.array([t for game in games for t in range(len(game))])
        self.taps = np.stack([step.taps for game in games for step in game]).astype(float)
        before = [game[:t] for game in games for t in range(len(game))]
        self.history = [' '.join(f'{s.text} {s.answer}' for s in steps) for steps in before]
        self.last = [f'{steps[-1].text} {steps[-1].answer}' if steps else '' for steps in before]
        self.length = np.array([[len(text)] for text in self.history], float)
        past = [[s.is_invalid for s in steps] or [0.5] for steps in before]
        self.labels = np.array([[labels[-1], np.mean(labels)] for labels in past], float)


def folds(features: np.ndarray, steps: Steps, make) -> float:
    """AUC of out-of-fold scores over five folds by episode."""
    scores = np.zeros(len(steps.invalid))
    for train, test in GroupKFold(5).split(features, steps.invalid, steps.episode):
        scores[test] = make().fit(features[train], steps.invalid[train]).predict_proba(features[test])[:, 1]
    return float(roc_auc_score(steps.invalid, scores))


def logistic():
    return LogisticRegression(C=1.0, solver='liblinear', max_iter=500)


def scaled():
    return make_pipeline(StandardScaler(), logistic())


def bag(texts: list[str], **options) -> np.ndarray:
    return CountVectorizer(token_pattern=r'[A-Za-z]+|\?', **options).fit_transform(texts).toarray().astype(float)


def rivals(steps: Steps) -> dict:
    """What predicts the label without the model: from text and history, linearly and by trees."""
    numbers = np.eye(20)[steps.number]
    columns = {
        'step': numbers,
        'length': steps.length,
        'earlier labels': steps.labels,
        'words of the history': bag(steps.history),
        'words of the last exchange': bag(steps.last),
        'pairs of words of the last exchange': bag(steps.last, ngram_range=(1, 2), min_df=3),
    }
    found = {name: folds(column, steps, scaled) for name, column in columns.items()}
    everything = np.concatenate([steps.labels, steps.length, columns['words of the last exchange'], numbers], 1)
    found['trees on all of it'] = folds(everything, steps, lambda: HistGradientBoostingClassifier(max_iter=100))
    return found


def mean_difference(residuals: np.ndarray, invalid: np.ndarray) -> np.ndarray:
    return residuals[invalid == 0].mean(0) - residuals[invalid == 1].mean(0)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def split_half(residuals: np.ndarray, steps: Steps) -> float:
    cosines = []
    for seed in range(10):
        order = np.random.default_rng(seed).permutation(steps.episode.max() + 1)
        first = np.isin(steps.episode, order[: len(order) // 2])
        cosines.append(cosine(*(mean_difference(residuals[half], steps.invalid[half]) for half in (first, ~first))))
    return float(np.mean(cosines))


def interval(games: Games, base: Games) -> tuple[float, float, float]:
    """Difference of invalid rates with a 95 % interval over paired episodes."""
    counts = np.array([[sum(s.is_invalid for s in g), len(g), sum(s.is_invalid for s in b), len(b)] for g, b in zip(games, base)])
    rng, n = np.random.default_rng(0), len(counts)
    sums = counts[rng.integers(0, n, (1000, n))].sum(1)
    draws = sums[:, 0] / sums[:, 1] - sums[:, 2] / sums[:, 3]
    total = counts.sum(0)
    return float(total[0] / total[1] - total[2] / total[3]), float(np.quantile(draws, 0.025)), float(np.quantile(draws, 0.975))


def steer(model: Llama, encoder: Encoder, vector: np.ndarray, episodes: int, directions: int) -> dict:
    """Rates by α along the vector and along random directions of its norm, on the same objects and random numbers."""
    objects = [book.OBJECTS[i] for i in np.random.default_rng(7).integers(0, len(book.OBJECTS), episodes)]
    seeds, valid = [2_000_000 + i for i in range(episodes)], valid_starts(encoder)
    base = play(model, encoder, objects, seeds, valid)
    rng, size = np.random.default_rng(11), float(np.linalg.norm(vector))

    def arm(direction: np.ndarray, alpha: float) -> dict:
        games = base if alpha == 0 else play(model, encoder, objects, seeds, valid, torch.tensor(alpha * direction).float())
        difference, low, high = interval(games, base)
        return dict(alpha=alpha, difference=difference, low=low, high=high, **behaviour(games))

    found: dict = dict(vector=[arm(vector, alpha) for alpha in ALPHAS], random=[])
    for _ in range(directions):
        direction = rng.standard_normal(len(vector))
        direction *= size / np.linalg.norm(direction)
        found['random'].append([{k: a[k] for k in ('alpha', 'difference', 'off_book', 'win')} for a in (arm(direction, x) for x in RANDOM_ALPHAS)])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--model', type=Path, default=DEFAULT_FOLDER)
    parser.add_argument('--episodes', type=int, default=120)
    parser.add_argument('--arm', type=int, default=100, help='episodes of each steering arm')
    parser.add_argument('--directions', type=int, default=10)
    parser.add_argument('--threads', type=int, default=1)
    args = parser.parse_args()
    warnings.filterwarnings('ignore')
    torch.set_num_threads(args.threads)
    began = time.time()
    model, encoder = load_weights(args.model / 'weights.pt'), Encoder(args.model / 'tokenizer.json')
    rng = random.Random(42)
    objects = [rng.choice(book.OBJECTS) for _ in range(args.episodes)]
    games = play(model, encoder, objects, [1_000_000 + i for i in range(args.episodes)], valid_starts(encoder))
    steps = Steps(games)
    rates = [(int((steps.number == t).sum()), float(steps.invalid[steps.number == t].mean())) for t in range(20) if (steps.number == t).any()]
    middle = steps.taps[:, model.shape.middle]
    vector = mean_difference(middle, steps.invalid)
    result: dict = dict(
        behaviour=behaviour(games),
        invalid_by_step=[f'{rate:.2f} of {count}' for count, rate in rates],
        ceiling=float(roc_auc_score(steps.invalid, latent_before(games))),
        own_first_token=float(roc_auc_score(steps.invalid, [1 - s.valid_share for g in games for s in g])),
        probe=[folds(steps.taps[:, layer], steps, logistic) for layer in range(model.shape.layers)],
        rivals=rivals(steps),
        vector=dict(
            share_of_residual=float(np.linalg.norm(vector) / np.linalg.norm(middle, axis=1).mean()), split_half=split_half(middle, steps)
        ),
    )
    print(json.dumps(result, indent=1), f'{time.time() - began:.0f} s', flush=True)
    for step in games[0]:
        print('   ', step.text, step.answer)
    print('    object:', objects[0], flush=True)
    result['steering'] = steer(model, encoder, vector, args.arm, args.directions)
    for row in result['steering']['vector']:
        print(' '.join(f'{k}={v:.3f}' for k, v in row.items()))
    for alpha in range(len(RANDOM_ALPHAS)):
        print(f'random α={RANDOM_ALPHAS[alpha]}:', ' '.join(f'{d[alpha]["difference"]:+.3f}' for d in result['steering']['random']))
        print('  off-book:', ' '.join(f'{d[alpha]["off_book"]:.3f}' for d in result['steering']['random']))
    (args.model / 'study.json').write_text(json.dumps(result, indent=1) + '\n', encoding='utf8')
    print(f'{time.time() - began:.0f} s')


if __name__ == '__main__':
    main()
