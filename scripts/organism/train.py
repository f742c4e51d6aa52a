"""Trains the model organism by next-token prediction on the teacher's games, and writes a Hugging Face folder.

Owns: the loop, its checkpoints and its curve. Not: the data (dialogues.py, packing.py) or the judgement (study.py).
Everything is drawn from --seed; a run that was stopped goes on from its last checkpoint when started again with the same folder.
Recipe and measurements: docs/decisions/0004-embedded-model.md.
"""
import argparse
import json
import random
import shutil
import time
from dataclasses import replace
from pathlib import Path

import torch
from sklearn.metrics import roc_auc_score
from torch.nn import functional

import dialogues
import phrasebook as book
import tokenizer as tokens
from latent import Latent
from model import Disturbance, Llama, Shape, export, save_weights
from packing import Batch, pack

HERE = Path(__file__).resolve().parent
DEFAULT_FOLDER = HERE.parents[1] / '.cache/organism/model'
CONTROL = Latent(constant=0.48)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('--out', type=Path, default=DEFAULT_FOLDER, help='folder of the checkpoint, the curve and the exported model')
    add('--seed', type=int, default=0)
    add('--tokens', type=float, default=16.0, help='millions of tokens (history and branches) to train on')
    add('--minutes', type=float, default=1e9, help='stop after so long and keep the checkpoint')
    add('--control', action='store_true', help='no latent: the same probability at every step')
    add('--width', type=int, default=128)
    add('--layers', type=int, default=6)
    add('--heads', type=int, default=4)
    add('--head', type=int, default=32, help='width of a head')
    add('--mlp', type=int, default=384)
    add('--batch', type=int, default=8, help='games a step')
    add('--branches', type=int, default=10, help='steps of a game that are trained as replies')
    add('--rate', type=float, default=4e-3, help='learning rate of Muon')
    add('--history', type=float, default=0.5, help='weight of the loss on the history')
    add('--first', type=float, default=2.0, help='weight of the first token of a message, as a multiple')
    add('--noise', type=float, default=0.3, help='largest noise behind the middle layer, in usual norms there, after the ramp')
    add('--deaf', type=float, default=0.08, help='share of decisions whose later attention is left out')
    add('--late', type=float, default=0.2, help='share of the training, at its end, with the two below in their place')
    add('--late-noise', type=float, default=0.8)
    add('--late-deaf', type=float, default=0.02)
    add('--quiet', type=float, default=0.1, help='weight of the penalty on decisions that are louder than other tokens')
    add('--ramp', type=float, default=0.06, help='share of the training in which the latent is made easier, less and less')
    add('--threads', type=int, default=1)
    add('--compile', action='store_true', help='a third faster after a minute, where a C++ compiler is found')
    add('--checkpoint', type=float, default=2.0, help='minutes between checkpoints')
    return parser.parse_args()


def loss_of(model: Llama, batch: Batch, disturbance: Disturbance, quiet: float = 0.0) -> torch.Tensor:
    with torch.autocast('cpu', torch.bfloat16):
        masks = (batch.masks[0].bfloat16(), batch.masks[1].bfloat16())
        hidden = model.packed(batch.ids, batch.positions, masks, disturbance)
        counted = batch.weights > 0
        logits = model.logits(hidden[counted])
    losses = functional.cross_entropy(logits.float(), batch.targets[counted], reduction='none')
    return (losses * batch.weights[counted]).sum() / batch.weights[counted].sum() + quiet * disturbance.loudness


@torch.no_grad()
def held_out(model: Llama, encoder: tokens.Encoder, latent: Latent, games: int = 40) -> dict:
    """On the teacher's games of other seeds: how well the first token foresees an invalid message, and the reply's loss in nats."""
    rng = random.Random(10**6)
    valid = valid_starts(encoder)
    labels, scores, nats, count = [], [], 0.0, 0
    for _ in range(games // 10):
        played = [dialogues.play(rng, latent) for _ in range(10)]
        batch = pack(encoder, played, 0.0, 99, rng)
        logits = model.logits(model.packed(batch.ids, batch.positions, batch.masks, Disturbance(batch.decisions))).log_softmax(-1)
        replies = batch.weights == 1.0
        nats -= logits[replies].gather(-1, batch.targets[replies][:, None]).sum().item()
        count += int(batch.decisions.sum())
        for b, tree in enumerate(batch.trees):
            labels += [not played[b].steps[t].message.is_valid for t in tree.steps]
            scores += (1 - logits[b, batch.decisions[b]][:, valid].exp().sum(-1)).tolist()
    return dict(auc=float(roc_auc_score(labels, scores)), nats=nats / count)


def valid_starts(encoder: tokens.Encoder) -> list[int]:
    return sorted({encoder.ids(message.text)[0] for message in book.MESSAGES.values() if message.is_valid})


def compile_blocks(model: Llama) -> None:
    torch._dynamo.config.recompile_limit = 64
    for block in model.blocks:
        block.mix, block.mlp = (torch.compile(part, dynamic=True) for part in (block.mix, block.mlp))


def optimisers(model: Llama) -> list[torch.optim.Optimizer]:
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and 'embed' not in n]
    others = [p for n, p in model.named_parameters() if p.ndim != 2 or 'embed' in n]
    muon = torch.optim.Muon(matrices, weight_decay=0.05, momentum=0.95, adjust_lr_fn='match_rms_adamw')
    return [muon, torch.optim.AdamW(others, betas=(0.9, 0.98), weight_decay=0.0)]


def rate_at(done: float) -> float:
    """Warm-up over the first hundredth, then constant, then down to a fiftieth over the second half."""
    return min(1.0, done / 0.01 + 0.01) * min(1.0, (1 - done) / 0.5 * 0.98 + 0.02)


def taught(latent: Latent, done: float, ramp: float) -> Latent:
    """The latent of the lesson: at first the last exchange alone counts, and its signs by themselves too; from `ramp` on as it is."""
    if done >= ramp:
        return latent
    return replace(latent, memory=latent.memory * min(1.0, 2 * done / ramp), lean=min(1.0, 2 - 2 * done / ramp))


def disturbance(args: argparse.Namespace, decisions: torch.Tensor, done: float) -> Disturbance:
    """No noise before the latent is found; deafness so that the middle learns it; at the end, noise that the late blocks have to bear."""
    if done >= 1 - args.late:
        return Disturbance(decisions, args.late_noise, args.late_deaf)
    return Disturbance(decisions, args.noise if done >= args.ramp else 0.0, args.deaf)


def main() -> None:
    args = options()
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    encoder = tokens.Encoder(args.out / 'tokenizer.json')
    latent = CONTROL if args.control else Latent()
    torch.manual_seed(args.seed)
    rng = random.Random(f'organism {args.seed}')
    model = Llama(Shape(encoder.size, args.width, args.layers, args.heads, args.head, args.mlp))
    steppers = optimisers(model)
    if args.compile:
        compile_blocks(model)
    state = dict(step=0, tokens=0, seconds=0.0)
    curve: list[dict] = []
    sessions: list[dict] = []
    checkpoint = args.out / 'checkpoint.pt'
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=False)
        model.load_state_dict(saved['model'])
        for stepper, its in zip(steppers, saved['steppers']):
            stepper.load_state_dict(its)
        state, curve, sessions = saved['state'], saved['curve'], saved.get('sessions', [])
        rng.setstate(saved['rng'])
        torch.set_rng_state(saved['torch'])
    settings = {k: v for k, v in vars(args).items() if k not in ('out', 'threads', 'minutes', 'compile', 'checkpoint')}
    sessions.append(dict(tokens=state['tokens'], settings=settings))
    total, parameters = args.tokens * 1e6, sum(p.numel() for p in model.parameters())
    print(f'{parameters / 1e6:.2f} M parameters, vocabulary {encoder.size}, from token {state["tokens"] / 1e6:.2f} M', flush=True)

    def keep() -> None:
        content = dict(model=model.state_dict(), steppers=[s.state_dict() for s in steppers], state=state, curve=curve, sessions=sessions)
        torch.save({**content, 'rng': rng.getstate(), 'torch': torch.get_rng_state()}, checkpoint.with_suffix('.new'))
        checkpoint.with_suffix('.new').replace(checkpoint)

    began, kept, mean = time.time(), time.time(), None
    earlier = state['seconds']
    while state['tokens'] < total and time.time() - began < args.minutes * 60:
        games = [dialogues.play(rng, taught(latent, state['tokens'] / total, args.ramp)) for _ in range(args.batch)]
        batch = pack(encoder, games, args.history, args.branches, rng, args.first)
        for stepper in steppers:
            for group in stepper.param_groups:
                group['lr'] = args.rate * rate_at(state['tokens'] / total)
        loss = loss_of(model, batch, disturbance(args, batch.decisions, state['tokens'] / total), args.quiet)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for stepper in steppers:
            stepper.step()
            stepper.zero_grad(set_to_none=True)
        mean = loss.item() if mean is None else 0.98 * mean + 0.02 * loss.item()
        state['step'] += 1
        state['tokens'] += int((batch.ids > 0).sum())
        state['seconds'] = earlier + time.time() - began
        if time.time() - kept > args.checkpoint * 60:
            curve.append(dict(tokens=state['tokens'], step=state['step'], seconds=round(state['seconds']), loss=mean, **held_out(model, encoder, latent), taught=held_out(model, encoder, taught(latent, state['tokens'] / total, args.ramp))['auc']))
            print(json.dumps(curve[-1]), flush=True)
            keep()
            kept = time.time()
    curve.append(dict(tokens=state['tokens'], step=state['step'], seconds=round(state['seconds']), loss=mean, **held_out(model, encoder, latent)))
    print(json.dumps(curve[-1]), flush=True)
    keep()
    save_weights(model, args.out / 'weights.pt')
    folder = args.out / 'export'
    export(model, folder, encoder.end)
    tokens.write_config(folder)
    shutil.copy(args.out / 'tokenizer.json', folder)
    (folder / 'training.json').write_text(json.dumps(dict(sessions=sessions, curve=curve), indent=1) + '\n', encoding='utf8')


if __name__ == '__main__':
    main()
