"""A Llama decoder that computes what transformers' LlamaForCausalLM does, small enough to read at one sitting.

Owns: the forward pass over packed games (train.py) and over a cache (study.py), the training-time disturbances, the Hugging Face files.
Not: what is learned (train.py). Full attention heads, tied embeddings, RMS norm, SwiGLU, rotary positions in halves.
"""
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class Shape:
    vocabulary: int
    width: int = 128
    layers: int = 6
    heads: int = 4
    #: of one head; heads · head may be narrower than the residual stream
    head: int = 32
    mlp: int = 384
    context: int = 1024
    theta: float = 10000.0

    @property
    def middle(self) -> int:
        """The app's middle layer, ⌊L / 2⌋: what the probe reads and the steering adds to."""
        return self.layers // 2


@dataclass
class Disturbance:
    """What training does at last prompt tokens (`at` [B, S]) and nowhere else, from the middle on; nothing at inference.

    noise: behind the middle layer and in half of the rows, an isotropic vector of up to so many times the usual norm there.
    deaf: share of rows whose attention in the blocks behind the middle is left out, so that the middle has to know as well.
    """

    at: Tensor
    noise: float = 0.0
    deaf: float = 0.0

    def __post_init__(self) -> None:
        self.rows = self.at.nonzero(as_tuple=True)
        #: by how much tokens are louder than usual behind the middle, in nats of norm a decision; known after a forward pass
        self.loudness = torch.zeros(())

    def behind_middle(self, x: Tensor) -> Tensor:
        norms, count = x.float().norm(dim=-1), len(self.rows[0])
        usual = 2 * norms.detach().median()
        self.loudness = (norms / usual).log().clamp(min=0).sum() / count
        if self.noise == 0:
            return x
        size = (2 * torch.rand(count, 1) - 1).clamp(min=0) * self.noise * usual
        direction = functional.normalize(torch.randn(count, x.shape[-1]), dim=-1)
        return x.index_put(self.rows, (direction * size).to(x.dtype), accumulate=True)

    def in_later_attention(self, mixed: Tensor) -> Tensor:
        if self.deaf == 0:
            return mixed
        return mixed * (~(self.at & (torch.rand(self.at.shape) < self.deaf)))[..., None]


class Block(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        width, mlp, inner = shape.width, shape.mlp, shape.heads * shape.head
        self.heads = shape.heads
        self.q, self.k, self.v = (nn.Linear(width, inner, bias=False) for _ in range(3))
        self.o = nn.Linear(inner, width, bias=False)
        self.gate, self.up = (nn.Linear(width, mlp, bias=False) for _ in range(2))
        self.down = nn.Linear(mlp, width, bias=False)
        self.norm1, self.norm2 = (nn.RMSNorm(width, eps=1e-5) for _ in range(2))

    def heads_of(self, x: Tensor, rotary: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys, values [B, H, S, K] of the residual stream."""
        y = self.norm1(x)
        q, k, v = (layer(y).unflatten(-1, (self.heads, -1)).transpose(1, 2) for layer in (self.q, self.k, self.v))
        return rotate(q, rotary), rotate(k, rotary), v

    def mix(self, x: Tensor, rotary: tuple[Tensor, Tensor], masks: tuple[Tensor, Tensor]) -> Tensor:
        """What attention brings [B, S, D] to packed games: the first masks[0].shape[-1] columns see only one another."""
        history_mask, branch_mask = masks
        split = history_mask.shape[-1]
        q, k, v = self.heads_of(x, rotary)
        past = attend(q[:, :, :split], k[:, :, :split], v[:, :, :split], history_mask)
        return self.o(torch.cat([past, attend(q[:, :, split:], k, v, branch_mask)], 1))

    def mlp(self, x: Tensor) -> Tensor:
        y = self.norm2(x)
        return self.down(functional.silu(self.gate(y)) * self.up(y))


def rotate(x: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    cos, sin = (part.to(x.dtype) for part in rotary)
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat([-second, first], -1) * sin


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """mask: added to the scores. → [B, S, D]. Plain products: faster than the fused kernel at this size on a CPU."""
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2) + mask
    return (scores.softmax(-1).to(v.dtype) @ v).transpose(1, 2).flatten(2)


class Llama(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        self.embed = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width, eps=1e-5)
        nn.init.normal_(self.embed.weight, std=0.02)
        for block in self.blocks:
            for layer in (block.q, block.k, block.v, block.gate, block.up):
                nn.init.normal_(layer.weight, std=shape.width**-0.5)
            nn.init.normal_(block.o.weight, std=(2 * shape.layers * shape.heads * shape.head) ** -0.5)
            nn.init.normal_(block.down.weight, std=(2 * shape.layers * shape.mlp) ** -0.5)
        head = shape.head
        angles = torch.outer(torch.arange(shape.context).float(), shape.theta ** (-torch.arange(0, head, 2).float() / head))
        angles = torch.cat([angles, angles], -1)
        self.register_buffer('cos', angles.cos(), persistent=False)
        self.register_buffer('sin', angles.sin(), persistent=False)

    def rotary(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        return self.cos[positions][:, None], self.sin[positions][:, None]

    def packed(self, ids: Tensor, positions: Tensor, masks: tuple[Tensor, Tensor], disturbance: Disturbance) -> Tensor:
        """Residuals [B, S, D], normed, of games packed as trees (packing.py)."""
        x, rotary = self.embed(ids), self.rotary(positions)
        for layer, block in enumerate(self.blocks):
            mixed = block.mix(x, rotary, masks)
            if layer > self.shape.middle:
                mixed = disturbance.in_later_attention(mixed)
            x = x + mixed
            x = x + block.mlp(x)
            if layer == self.shape.middle:
                x = disturbance.behind_middle(x)
        return self.norm(x)

    def cached(self, ids: Tensor, positions: Tensor, cache: 'Cache', last: Tensor, add: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """
        Continue rows whose earlier keys and values are cached. `last` [B]: the column whose residuals come back, [B, L, D], with its
        logits [B, V]; `add` [B, D] is added to the middle layer's residual there.
        """
        x, rotary, rows = self.embed(ids), self.rotary(positions), torch.arange(len(ids))
        used = int(positions.max()) + 1
        mask = torch.zeros(1).masked_fill(torch.arange(used) > positions[..., None], -1e9)[:, None]
        taps = []
        for layer, block in enumerate(self.blocks):
            q, k, v = block.heads_of(x, rotary)
            keys, values = cache.write(layer, positions, k, v)
            x = x + block.o(attend(q, keys[:, :, :used], values[:, :, :used], mask))
            x = x + block.mlp(x)
            if add is not None and layer == self.shape.middle:
                x = x.index_put((rows, last), add, accumulate=True)
            taps.append(x[rows, last])
        return self.logits(self.norm(taps[-1])), torch.stack(taps, 1)

    def logits(self, normed: Tensor) -> Tensor:
        return normed @ self.embed.weight.T.to(normed.dtype)


class Cache:
    """Keys and values of all layers, slot = position; later slots are stale and masked."""

    def __init__(self, shape: Shape, rows: int, length: int):
        size = (shape.layers, rows, shape.heads, length, shape.head)
        self.keys, self.values = torch.zeros(size), torch.zeros(size)

    def write(self, layer: int, positions: Tensor, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        rows = torch.arange(len(positions))[:, None]
        self.keys[layer][rows, :, positions] = keys.transpose(1, 2)
        self.values[layer][rows, :, positions] = values.transpose(1, 2)
        return self.keys[layer], self.values[layer]


def export(model: Llama, folder: Path, end: int) -> None:
    """fp16 safetensors, config.json and generation_config.json as transformers names them."""
    shape = model.shape
    tensors = {'model.embed_tokens.weight': model.embed.weight, 'model.norm.weight': model.norm.weight}
    names = dict(
        q='self_attn.q_proj', k='self_attn.k_proj', v='self_attn.v_proj', o='self_attn.o_proj', gate='mlp.gate_proj', up='mlp.up_proj',
        down='mlp.down_proj', norm1='input_layernorm', norm2='post_attention_layernorm',
    )  # fmt: skip
    for i, block in enumerate(model.blocks):
        for ours, theirs in names.items():
            tensors[f'model.layers.{i}.{theirs}.weight'] = getattr(block, ours).weight
    folder.mkdir(parents=True, exist_ok=True)
    halves = {name: tensor.detach().half().contiguous() for name, tensor in tensors.items()}
    save_file(halves, str(folder / 'model.safetensors'), {'format': 'pt'})
    config = dict(
        architectures=['LlamaForCausalLM'], model_type='llama', vocab_size=shape.vocabulary, hidden_size=shape.width,
        num_hidden_layers=shape.layers, num_attention_heads=shape.heads, num_key_value_heads=shape.heads,
        head_dim=shape.head, intermediate_size=shape.mlp, max_position_embeddings=shape.context, rms_norm_eps=1e-5,
        rope_theta=shape.theta, rope_scaling=None, tie_word_embeddings=True, hidden_act='silu', attention_bias=False, mlp_bias=False,
        bos_token_id=None, eos_token_id=end, pad_token_id=0, torch_dtype='float16',
    )  # fmt: skip
    generation = dict(do_sample=True, temperature=1.0, eos_token_id=end, pad_token_id=0)
    for name, content in (('config.json', config), ('generation_config.json', generation)):
        (folder / name).write_text(json.dumps(content, indent=2) + '\n', encoding='utf8')


def save_weights(model: Llama, path: Path) -> None:
    torch.save({'shape': asdict(model.shape), 'state': model.state_dict()}, path)


def load_weights(path: Path) -> Llama:
    """As the exported file holds them: through half precision."""
    saved = torch.load(path)
    model = Llama(Shape(**saved['shape']))
    model.load_state_dict(saved['state'])
    for parameter in model.parameters():
        parameter.data = parameter.data.half().float()
    return model.eval()
