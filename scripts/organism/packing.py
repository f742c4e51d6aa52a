"""A game as one tree: the shared history once, and one branch (end of prompt and reply) for each step, which sees its own part of it.

Owns: ids, positions, masks, targets and weights of a batch. Not: the text (dialogues.py) or the model. That a packed row computes what
the plain prompt does is checked by checkParity.py.
"""
import random
from dataclasses import dataclass, field

import torch
from torch import Tensor

import dialogues
from dialogues import Game
from tokenizer import Encoder

NOWHERE = -1e9


@dataclass
class Tree:
    history: list[int] = field(default_factory=list)
    #: columns of the history after which a message begins
    begins: list[int] = field(default_factory=list)
    #: per branch: number of history tokens seen (= its first position), ids, index of the last prompt token
    branches: list[tuple[int, list[int], int]] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)


def prompt_end(encoder: Encoder, step: int) -> tuple[int, ...]:
    """What stands between the history and the reply; at step 0 the instructions as well."""
    first = encoder.ids(dialogues.instructions(dialogues.STEPS)) if step == 0 else ()
    return first + encoder.reply_header


def tree_of(encoder: Encoder, game: Game, chosen: list[int]) -> Tree:
    """`chosen`: the steps that get a branch."""
    tree = Tree(steps=chosen)
    start = encoder.opening(game.system, False)
    tree.history += encoder.opening(game.system, game.keeps_instructions)
    limits = [len(start)]
    for number, step in enumerate(game.steps[:-1], 1):
        if number > 1:
            tree.history += encoder.ids('\n')
        tree.begins.append(len(tree.history))
        tree.history += encoder.exchange(number, step.message.text, step.answer)
        limits.append(len(tree.history))
    for t in chosen:
        end = prompt_end(encoder, t)
        ids = [*end, *encoder.ids(game.steps[t].message.text), encoder.end]
        tree.branches.append((limits[t], ids, len(end) - 1))
    return tree


@dataclass
class Batch:
    ids: Tensor
    positions: Tensor
    #: (history × history, branches × all), added to attention scores
    masks: tuple[Tensor, Tensor]
    targets: Tensor
    weights: Tensor
    #: [B, S]: the last prompt tokens
    decisions: Tensor
    trees: list[Tree]


def pack(encoder: Encoder, games: list[Game], history_weight: float, branches: int, rng: random.Random, first: float = 1.0) -> Batch:
    """
    At most `branches` steps of each game, drawn at random, get a branch. Columns: histories padded to one width, then branches.
    The loss weighs 1 on replies, `history_weight` on the history, each `first` times that on the first token of a message.
    """
    trees = []
    for game in games:
        steps = list(range(len(game.steps)))
        trees.append(tree_of(encoder, game, sorted(rng.sample(steps, min(branches, len(steps))))))
    width = max(len(tree.history) for tree in trees)
    length = max(sum(len(ids) for _, ids, _ in tree.branches) for tree in trees)
    shape = (len(trees), width + length)
    ids, positions, targets, segments, limits = (torch.zeros(shape, dtype=torch.long) for _ in range(5))
    weights, decisions = torch.zeros(shape), torch.zeros(shape, dtype=torch.bool)
    for b, tree in enumerate(trees):
        n = len(tree.history)
        ids[b, :n] = torch.tensor(tree.history)
        positions[b, :n] = torch.arange(n)
        targets[b, : n - 1] = ids[b, 1:n]
        weights[b, 2 : n - 1] = history_weight
        weights[b, tree.begins] *= first
        at = width
        for number, (limit, own, last) in enumerate(tree.branches, 1):
            end = at + len(own)
            ids[b, at:end] = torch.tensor(own)
            positions[b, at:end] = limit + torch.arange(len(own))
            targets[b, at : end - 1] = ids[b, at + 1 : end]
            weights[b, at + last : end - 1] = 1.0
            weights[b, at + last] = first
            decisions[b, at + last] = True
            segments[b, at:end], limits[b, at:end] = number, limit
            at = end
    row = torch.arange(length)
    own = (segments[:, width:, None] == segments[:, None, width:]) & (row[:, None] >= row)
    past = torch.arange(width) < limits[:, width:, None]
    causal = torch.ones(width, width, dtype=torch.bool).tril()
    masks = tuple(torch.zeros(m.shape).masked_fill(~m, NOWHERE) for m in (causal, torch.cat([past, own], -1)[:, None]))
    return Batch(ids, positions, masks, targets, weights, decisions, trees)
