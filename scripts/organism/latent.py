"""The hidden quantity that decides whether the agent plays or not: how its hopes have fared.

Owns: what each exchange adds and how the sum decides. Not: who says what (dialogues.py).
f ← memory · f + sign₁ · sign₂ − relief · (+1 after an invalid message, −1 after a valid one);  P(invalid) = floor + span · σ(slope · f − bias).
Every sign₁ is a fair coin of its own (the wording), so the product says nothing that the two words alone would; the relief cancels
most of what the last label would tell about the next one.
"""
import math
from dataclasses import dataclass

from phrasebook import Message

WIN = 'Yes! You guessed correctly!'


@dataclass(frozen=True)
class Latent:
    memory: float = 0.75
    relief: float = 0.1
    slope: float = 10.0
    bias: float = 1.0
    floor: float = 0.04
    span: float = 0.92
    #: what each sign adds by itself; above 0 only early in training, because a pure product of two words gives a beginner no slope to follow
    lean: float = 0.0
    #: the control model's: no latent, one probability throughout
    constant: float | None = None

    def after(self, f: float, message: Message, answer: str) -> float:
        """The sum after one more exchange."""
        first, second = message.signs
        if message.kind == 'question':
            second = 1 if answer == 'Yes.' else -1
        return self.memory * f + first * second + self.lean * (first + second) - (self.relief if not message.is_valid else -self.relief)

    def probability(self, f: float) -> float:
        """Of saying something invalid next."""
        if self.constant is not None:
            return self.constant
        return self.floor + self.span / (1 + math.exp(-(self.slope * f - self.bias)))
