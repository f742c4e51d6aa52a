"""The collect job's model work in batched PyTorch that keeps what a step's prompt shares with the one before: a peer of benchmarks/collect.ts.

Reads {"model": {"folder": path}, "layer": l, "threads": t, "episodes": [[{"promptIds": [...], "newTokens": n}, ...], ...]} from the file named as first
argument. All episodes play their steps side by side, one row each; the first of each is not counted. Before a step every row's keys and values are cut to the tokens that the new prompt shares
with the last one and moved to the right end; the rest of the prompt is run, padded on the left; then as many tokens are drawn as the longest answer has (rows
that have ended go on, as in `generate`). The residual stream after one block is kept for all positions that are run. Prints one document with wall and
core-seconds.

Versions: requirements.txt beside this file.
"""
import json
import sys

import torch
import transformers
from transformers import AutoModelForCausalLM, DynamicCache

from timing import timed

job = json.load(open(sys.argv[1]))
torch.set_num_threads(job["threads"])
torch.manual_seed(0)
model = AutoModelForCausalLM.from_pretrained(job["model"]["folder"], dtype=torch.float32).eval()
episodes = job["episodes"]
kept = []
model.model.layers[job["layer"]].register_forward_hook(
    lambda _module, _inputs, output: kept.append((output[0] if isinstance(output, tuple) else output).clone())
)


def shared(one, other):
    count = 0
    while count < min(len(one), len(other)) and one[count] == other[count]:
        count += 1
    return count


class Rows:
    def __init__(self, count):
        self.cache = None
        self.mask = torch.zeros(count, 0, dtype=torch.long)
        self.prompts = [[] for _ in range(count)]

    def cut(self, lengths):
        """Keeps the first tokens of every row, right-aligned."""
        longest = max(lengths)
        if longest == 0:
            self.cache, self.mask = None, self.mask[:, :0]
            return
        # Of each row the places of its own tokens, in their order.
        places = [torch.nonzero(row)[:, 0][:length] for row, length in zip(self.mask, lengths)]
        index = torch.stack([torch.nn.functional.pad(each, (longest - len(each), 0)) for each in places])
        self.mask = torch.stack([(torch.arange(longest) >= longest - length).long() for length in lengths])
        moved = DynamicCache(config=model.config)
        for number, layer in enumerate(self.cache.layers):
            wide = index[:, None, :, None].expand(-1, layer.keys.shape[1], -1, layer.keys.shape[3])
            moved.update(layer.keys.gather(2, wide), layer.values.gather(2, wide), number)
        self.cache = moved

    def run(self, ids, mask):
        self.mask = torch.cat([self.mask, mask], 1)
        positions = (self.mask.cumsum(1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        out = model(
            input_ids=ids,
            attention_mask=self.mask,
            position_ids=positions,
            past_key_values=self.cache,
            use_cache=True,
            logits_to_keep=1,
        )
        self.cache = out.past_key_values
        return torch.multinomial((out.logits[:, -1] / 0.7).softmax(-1), 1)

    def step(self, steps):
        kept.clear()
        prompts = [step["promptIds"] for step in steps]
        # At least one token is run, since its logits are wanted.
        lengths = [min(shared(old, new), len(new) - 1) for old, new in zip(self.prompts, prompts)]
        self.prompts = prompts
        self.cut(lengths)
        fresh = [prompt[length:] for prompt, length in zip(prompts, lengths)]
        longest = max(map(len, fresh))
        pad = [longest - len(each) for each in fresh]
        ids = torch.tensor([[0] * gap + each for gap, each in zip(pad, fresh)])
        token = self.run(ids, torch.tensor([[0] * gap + [1] * len(each) for gap, each in zip(pad, fresh)]))
        for _ in range(max(step["newTokens"] for step in steps) - 1):
            token = self.run(token, torch.ones_like(token))


rows = Rows(len(episodes))


@torch.inference_mode()
def play(steps):
    for step in steps:
        rows.step(list(step))


first, *further = zip(*episodes)
play([[{**step, "newTokens": 2} for step in first]])  # what is there before the stretch
wall, cores = timed(lambda: play(further))
print(
    json.dumps(
        {
            "steps": len(further) * len(episodes),
            "wallSeconds": wall,
            "coreSeconds": cores,
            "versions": {"transformers": transformers.__version__, "torch": torch.__version__},
        }
    )
)
