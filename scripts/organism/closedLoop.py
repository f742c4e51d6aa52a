"""Games that the model plays by itself, many at once, with the same random numbers whatever else is changed.

Owns: sampling, the cache of histories, capture and steering at the last prompt token. Not: statistics (study.py).
The history's keys and values are computed once; a branch (end of prompt, reply) is written behind them and overwritten at the next step,
so that steering touches one step's reply and never the history, as in the app.
"""
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

import dialogues
import phrasebook as book
from latent import WIN
from model import Cache, Llama
from packing import prompt_end
from tokenizer import Encoder

LONGEST_REPLY = 20


@dataclass
class Played:
    """One step. `taps` [L, D]: residuals behind each block at the last prompt token, as they were left by the steering."""

    text: str
    answer: str
    tokens: int
    taps: np.ndarray
    valid_share: float

    @property
    def is_invalid(self) -> bool:
        return self.answer == 'Invalid Question.'


@torch.no_grad()
def play(
    model: Llama, encoder: Encoder, targets: list[str], seeds: list[int], valid: list[int], add: Tensor | None = None
) -> list[list[Played]]:
    """
    One game per target, unsteered or with `add` [B, D] or [D] on the middle layer at each last prompt token.
    `valid`: first tokens of valid messages, whose summed probability is kept.
    """
    rows = len(targets)
    opening = encoder.opening('', False)
    cache = Cache(model.shape, rows, dialogues.STEPS * (LONGEST_REPLY + 10) + len(prompt_end(encoder, 0)))
    new: list[list[int]] = [list(opening) for _ in range(rows)]
    written = [0] * rows
    games: list[list[Played]] = [[] for _ in range(rows)]
    going = np.ones(rows, bool)
    if add is not None and add.ndim == 1:
        add = add.expand(rows, -1)
    for step in range(dialogues.STEPS):
        if not going.any():
            break
        end = list(prompt_end(encoder, step))
        draws = np.stack([np.random.default_rng([seed, step]).random(LONGEST_REPLY) for seed in seeds])
        fed = [piece + end for piece in new]
        ids, positions, last = padded(fed, written)
        logits, taps = model.cached(ids, positions, cache, last, add)
        heads = logits.softmax(-1)[:, valid].sum(-1)
        written = [start + len(piece) for start, piece in zip(written, new)]
        replies = reply(model, encoder, cache, logits, [start + len(end) for start in written], draws)
        for row in range(rows):
            text = encoder.text(replies[row]).strip()
            verdict = book.answer(text, targets[row])
            said = WIN if verdict == 'win' else verdict
            if going[row]:
                games[row].append(Played(text, said, len(replies[row]), taps[row].numpy(), float(heads[row])))
            line_break = list(encoder.ids('\n')) if step else []
            going[row] &= verdict != 'win'
            new[row] = line_break + list(encoder.exchange(step + 1, text, said)) if going[row] else []
    return games


def padded(pieces: list[list[int]], starts: list[int]) -> tuple[Tensor, Tensor, Tensor]:
    """Right-padded ids and positions, and the last real column; what the padding writes lies behind it and is overwritten before it is read."""
    width = max(map(len, pieces))
    ids = torch.tensor([piece + piece[-1:] * (width - len(piece)) for piece in pieces])
    last = torch.tensor([len(piece) - 1 for piece in pieces])
    return ids, torch.tensor(starts)[:, None] + torch.arange(width), last


def reply(model: Llama, encoder: Encoder, cache: Cache, logits: Tensor, starts: list[int], draws: np.ndarray) -> list[list[int]]:
    """Sampled at temperature 1 by the given uniforms [B, N], until the end token."""
    replies: list[list[int]] = [[] for _ in starts]
    done, position = torch.zeros(len(starts), dtype=torch.bool), torch.tensor(starts)
    for n in range(draws.shape[1]):
        shares = logits.double().softmax(-1).cumsum(-1)
        ids = (shares < torch.from_numpy(draws[:, n : n + 1])).sum(-1).clamp(max=shares.shape[-1] - 1)
        done |= ids == encoder.end
        for row in (~done).nonzero()[:, 0].tolist():
            replies[row].append(int(ids[row]))
        if done.all() or n + 1 == draws.shape[1]:
            break
        logits, _ = model.cached(ids[:, None], position[:, None] + n, cache, torch.zeros(len(starts), dtype=torch.long))
    return replies
