"""Byte-level BPE over the games' text, with the chat template of the SmolLM2 and Qwen family.

Owns: tokenizer.json, tokenizer_config.json and the pieces of token ids that games are built of. Not: what is said (dialogues.py).
A label such as `Q12:` and a word with its end mark are one piece each, so that a line of history is about ten tokens.
"""
import json
import random
from functools import cache
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

import dialogues
import phrasebook as book
from latent import WIN, Latent

PATTERN = r'[QA]\d*:| ?\p{L}+[?.,]?| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\n|[^\S\n]+'
SPECIAL = ['<|endoftext|>', '<|im_start|>', '<|im_end|>']
TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
VOCABULARY = 1536


def train(path: Path) -> Tokenizer:
    """Learn the merges from the phrase book and some games, and write tokenizer.json."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(PATTERN), 'isolated'), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    rng = random.Random(0)
    text = [dialogues.instructions(20), WIN, 'system\n', 'user\n', 'assistant\n', *dialogues.SYSTEM_PROMPTS] * 100
    for message in book.MESSAGES.values():
        text += [message.text, dialogues.line(1, message.text, 'Yes.')]
    for _ in range(400):
        game = dialogues.play(rng, Latent())
        text.append(dialogues.observation([(step.message.text, step.answer) for step in game.steps]))
    text += [dialogues.line(i, '', 'Yes.') for i in range(1, 31)] * 4
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        min_frequency=4,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(text, trainer)
    path.parent.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(path))
    return tokenizer


def write_config(folder: Path) -> None:
    config = {
        'tokenizer_class': 'PreTrainedTokenizerFast',
        'bos_token': None,
        'eos_token': '<|im_end|>',
        'pad_token': '<|endoftext|>',
        'chat_template': TEMPLATE,
        'clean_up_tokenization_spaces': False,
    }
    (folder / 'tokenizer_config.json').write_text(json.dumps(config, indent=2) + '\n', encoding='utf8')


class Encoder:
    """Token ids of the pieces of a prompt. `pieces` joined are what the tokenizer makes of the joined text."""

    def __init__(self, path: Path):
        self.tokenizer = Tokenizer.from_file(str(path)) if path.exists() else train(path)
        self.size = self.tokenizer.get_vocab_size()
        self.end = self.tokenizer.token_to_id('<|im_end|>')
        self.reply_header = self.ids('<|im_end|>\n<|im_start|>assistant\n')
        self.ids = cache(self.ids)  # type: ignore[method-assign]

    def ids(self, text: str) -> tuple[int, ...]:
        return tuple(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def text(self, ids: list[int]) -> str:
        return self.tokenizer.decode(ids, skip_special_tokens=False)

    def opening(self, system: str, keeps_instructions: bool) -> tuple[int, ...]:
        """All that stands before the first line of history."""
        before = f'<|im_start|>system\n{system}<|im_end|>\n' if system else ''
        kept = dialogues.instructions(dialogues.STEPS) + '\n\n' if keeps_instructions else ''
        return self.ids(f'{before}<|im_start|>user\n{kept}')

    def exchange(self, number: int, text: str, answer: str) -> tuple[int, ...]:
        """One line of history without the line break before it."""
        return self.ids(f'Q{number}:') + self.ids(f' {text}') + self.ids(f'\nA: {answer}')
