"""A packed game gives, at every last prompt token, what the plain prompt gives; and the prompt is what the chat template renders."""
import random
from pathlib import Path

import torch

import dialogues
from latent import Latent
from model import Cache, Disturbance, Llama, Shape
from packing import pack
from tokenizer import Encoder


def main() -> None:
    encoder = Encoder(Path(__file__).parents[2] / '.cache/organism/tokenizer.json')
    model, rng, worst = Llama(Shape(encoder.size)), random.Random(5), 0.0
    games = [dialogues.play(rng, Latent()) for _ in range(12)]
    batch = pack(encoder, games, 0.5, 99, rng)
    hidden = model.packed(batch.ids, batch.positions, batch.masks, Disturbance(batch.decisions))
    for b, game in enumerate(games):
        rows = batch.decisions[b].nonzero()[:, 0].tolist()
        for t, row in enumerate(rows):
            exchanges = [(step.message.text, step.answer) for step in game.steps[:t]]
            system = f'<|im_start|>system\n{game.system}<|im_end|>\n' if game.system else ''
            text = dialogues.observation(exchanges, game.keeps_instructions)
            ids = torch.tensor([encoder.ids(f'{system}<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n')])
            n = ids.shape[1]
            with torch.no_grad():
                logits, _ = model.cached(ids, torch.arange(n)[None], Cache(model.shape, 1, n), torch.tensor([n - 1]))
                worst = max(worst, (logits[0] - model.logits(hidden[b, row])).abs().max().item())
    print(f'largest difference of logits {worst:.2e}')
    assert worst < 1e-4


if __name__ == '__main__':
    main()
