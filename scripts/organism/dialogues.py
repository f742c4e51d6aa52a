"""Synthetic games of Twenty Questions, in the protocol and words of main/environments/twentyQuestions.ts.

Owns: the teacher's play and the text around it. Not: what the messages mean (phrasebook.py), tokens (tokenizer.py).
Good play: the attribute that splits the remaining candidates best (one of two while many remain, now and then another useful one), then a
guess. Whether a step is played at all, latent.py decides.
"""
import json
import random
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import phrasebook as book
from latent import WIN, Latent
from phrasebook import Message

STEPS = 20
# The first two are those that the app's form offers (renderer/runs/runDraft.ts).
SYSTEM_PROMPTS = (
    'You are playing Twenty Questions as the guesser. Reply with exactly one short yes/no question about the object, such as '
    "'Is it alive?' or 'Can you eat it?'. Do not answer the question and do not write anything else.",
    'Try to keep your response under 30 words.',
    'You are a helpful assistant.',
)


def instructions(steps: int) -> str:
    return (
        f"Let's play Twenty Questions! I'm thinking of an object. You have {steps} questions to guess what it is. "
        "Ask yes/no questions to narrow down the possibilities. When you think you know the answer, ask 'Is it [object]?'"
    )


@dataclass
class Step:
    message: Message
    answer: str
    f: float
    probability: float


@dataclass
class Game:
    target: str
    system: str = ''
    keeps_instructions: bool = False
    steps: list[Step] = field(default_factory=list)


class Player:
    """Candidates left after the answers so far, and the next good message."""

    #: While more candidates than this remain, either of the two best questions is asked.
    WIDE = 100
    #: Share of questions that are merely useful: the student meets histories beside the tree.
    STRAY = 0.02

    def __init__(self, rng: random.Random):
        self.rng = rng
        self.left = np.ones(len(book.OBJECTS), bool)
        self.asked = np.zeros(len(book.ATTRIBUTES), bool)

    def choose(self) -> Message:
        count = int(self.left.sum())
        yes = book.TRUE[:, self.left].sum(1)
        balance = np.minimum(yes, count - yes)
        balance[self.asked] = 0
        if count <= 2 or balance.max() == 0:
            name = book.OBJECTS[self.rng.choice(np.flatnonzero(self.left).tolist())]
            return self.rng.choice(book.wordings('guess', name))
        if self.rng.random() < self.STRAY:
            useful = np.flatnonzero(balance >= 0.5 * balance.max())
        else:
            useful = np.argsort(-balance, kind='stable')[: 2 if count > self.WIDE else 1]
        attribute = book.ATTRIBUTES[self.rng.choice(useful.tolist())]
        return self.rng.choice(book.wordings('question', attribute))

    def learn(self, message: Message, answer: str) -> None:
        if message.kind == 'question':
            row = book.ATTRIBUTES.index(message.subject)
            self.asked[row] = True
            self.left &= book.TRUE[row] == (answer == 'Yes.')
        elif message.kind == 'guess':
            self.left[book.OBJECTS.index(message.subject)] = False
        if not self.left.any():  # after a slip of a student; the teacher itself never gets here
            self.left[:] = True


def play(rng: random.Random, latent: Latent, target: str | None = None, steps: int = STEPS) -> Game:
    """One game by the teacher. Prompts vary as the app's settings let them."""
    game = Game(target or rng.choice(book.OBJECTS))
    if rng.random() < 0.2:
        game.system = rng.choice(SYSTEM_PROMPTS)
    game.keeps_instructions = rng.random() < 0.06
    player, f = Player(rng), 0.0
    for _ in range(steps):
        probability = latent.probability(f)
        if rng.random() < probability:
            message = rng.choice(book.wordings(rng.choice(list(book.BODIES))))
        else:
            message = player.choose()
        answer = book.answer(message.text, game.target)
        game.steps.append(Step(message, WIN if answer == 'win' else answer, f, probability))
        if answer == 'win':
            break
        player.learn(message, answer)
        f = latent.after(f, message, answer)
    return game


def line(number: int, text: str, answer: str) -> str:
    return f'Q{number}: {text}\nA: {answer}'


def observation(exchanges: list[tuple[str, str]], keeps_instructions: bool = False, steps: int = STEPS) -> str:
    """What the agent reads before its next message: instructions at first, afterwards the history alone."""
    lines = '\n'.join(line(i, text, answer) for i, (text, answer) in enumerate(exchanges, 1))
    parts = ([instructions(steps)] if keeps_instructions or not exchanges else []) + ([lines] if exchanges else [])
    return '\n\n'.join(parts)


def write_sample(path: Path, games: int = 24, seed: int = 2026) -> None:
    """Games for tests/organismPhrases.test.ts, which plays them again in the app's own environment."""
    rng = random.Random(seed)
    result = []
    for _ in range(games):
        game = play(rng, Latent())
        exchanges = [[step.message.text, step.answer] for step in game.steps]
        pairs = [(text, reply) for text, reply in exchanges]
        seen = [observation(pairs[:i], game.keeps_instructions) for i in range(len(pairs))]
        result.append(
            dict(target=game.target, keepsInstructions=game.keeps_instructions, exchanges=exchanges, lastObservation=seen[-1])
        )
    path.write_text('[\n' + ',\n'.join(json.dumps(entry) for entry in result) + '\n]\n', encoding='utf8')


if __name__ == '__main__':
    write_sample(Path(__file__).parent / 'sampleGames.json')
