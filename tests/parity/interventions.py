"""What PyTorch hooks on SmolLM2-135M-Instruct's dequantised Q4_1 weights compute: golden values of interventions.test.ts.

Usage: python tests/parity/interventions.py FOLDER   (needs torch, transformers, gguf)
FOLDER holds SmolLM2-135M-Instruct.Q4_1.gguf; scripts/fetchSmolLM2.ts fetches it.
Writes tests/parity/golden/interventions.json: of each case samples of the logits, or 40 greedy tokens.
The test says the same in the language of docs/interventions.md; names of cases are what joins the two.
"""
import hashlib
import json
import sys
from importlib.metadata import version
from pathlib import Path

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.models.llama import modeling_llama

NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
NEW_TOKENS = 40
EVERY_TOKEN = 389  # of the vocabulary
HEAD_WIDTH = 64

folder = sys.argv[1]
model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=NAME, dtype=torch.float32, attn_implementation="eager").eval()
tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=NAME)
layers = model.model.layers


def encode(text):
    return tokenizer(f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n", add_special_tokens=False)["input_ids"]


PROMPT = encode("Is a sparrow a bird? Answer with one short sentence about where it lives.")
OTHER = encode("Is a sparrow a tool? Answer with one long sentence about where it works.")
assert len(PROMPT) == len(OTHER), (len(PROMPT), len(OTHER))
width = model.config.hidden_size
# The test computes the same from this formula.
VECTOR = torch.tensor([torch.sin(torch.tensor(0.7 * i + 1.0, dtype=torch.float64)).item() for i in range(width)], dtype=torch.float32)
UNIT = VECTOR / VECTOR.norm()


def run(ids):
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0]


def resid_post(layer, change):
    """Registers x → change(x) on what layer `layer` gives, [1, S, D]."""

    def hook(_, __, output):
        x = output[0] if isinstance(output, tuple) else output
        x = change(x.clone())
        return (x, *output[1:]) if isinstance(output, tuple) else x

    return layers[layer].register_forward_hook(hook)


def captured(layer, ids):
    kept = []
    handle = resid_post(layer, lambda x: (kept.append(x[0].clone()), x)[1])
    run(ids)
    handle.remove()
    return kept[0]


def significant(tensor):
    return [float(f"{value:.8g}") for value in tensor.flatten().tolist()]


POSITIONS = sorted({6, len(PROMPT) // 2, len(PROMPT) - 1})
cases = {}


def case(name, handle):
    logits = run(PROMPT)
    handle.remove()
    cases[name] = {"logits": [significant(logits[p, ::EVERY_TOKEN]) for p in POSITIONS]}


def at(positions, change):
    def changed(x):
        x[0, positions] = change(x[0, positions])
        return x

    return changed


class Nothing:
    def remove(self):
        pass


case("none", Nothing())


def zero_head(module, inputs):
    z = inputs[0].clone()
    z[:, :, 3 * HEAD_WIDTH : 4 * HEAD_WIDTH] = 0
    return (z,)


case("head 3 of layer 10 zeroed at hook_z", layers[10].self_attn.o_proj.register_forward_pre_hook(zero_head))
span = slice(5, 9)
case("positions 5..8 of layer 15 zeroed", resid_post(15, at(span, lambda x: x * 0)))
mean = captured(15, OTHER)[1:].mean(0)  # without the attention sink
case("positions 5..8 of layer 15 mean-ablated", resid_post(15, at(span, lambda x: mean.expand_as(x))))


class Uniform:
    """sfc32, seeded by SHA-256 of a text: the numbers of main/analysis/seededGenerator.ts."""

    def __init__(self, seed):
        digest = hashlib.sha256(seed.encode()).digest()
        self.state = [int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4)]

    def word(self):
        a, b, c, counter = self.state
        total = (a + b + counter) & 0xFFFFFFFF
        turned = ((c << 21) | (c >> 11)) & 0xFFFFFFFF
        self.state = [b ^ (b >> 9), (c + (c << 3)) & 0xFFFFFFFF, (turned + total) & 0xFFFFFFFF, (counter + 1) & 0xFFFFFFFF]
        return total

    def __call__(self):
        high, low = self.word() >> 5, self.word() >> 6
        return (high * 2**26 + low) / 2**53


# Every position draws by itself, from the intervention's seed 7 and an empty seed of the step.
rows = captured(15, OTHER)[1:]  # without the attention sink
drawn = [int(Uniform(f"7//{position}")() * len(rows)) for position in range(5, 9)]
assert len(set(drawn)) > 1, drawn
case("positions 5..8 of layer 15 resample-ablated", resid_post(15, at(span, lambda x: rows[drawn])))
source = captured(12, OTHER)
case("positions 5..8 of layer 12 patched", resid_post(12, at(span, lambda x: source[span])))
last = slice(len(PROMPT) - 1, len(PROMPT))
case("4 v added at the last token of layer 15", resid_post(15, at(last, lambda x: x + 4 * VECTOR)))
case(
    "a third of the norm added at layer 15, norm kept",
    resid_post(
        15, at(slice(1, None), lambda x: (y := x + x.norm(dim=-1, keepdim=True) / 3 * UNIT) * x.norm(dim=-1, keepdim=True) / y.norm(dim=-1, keepdim=True))
    ),
)
case("v projected out of layers 8 and 20", type("Both", (), {"remove": lambda self: [h.remove() for h in self.handles], "handles": [
    resid_post(layer, at(slice(1, None), lambda x: x - (x @ UNIT)[:, None] * UNIT)) for layer in (8, 20)
]})())
case("layer 15 clamped along v to [-1, 2]", resid_post(15, at(slice(1, None), lambda x: x + ((x @ UNIT).clamp(-1, 2) - x @ UNIT)[:, None] * UNIT)))
case(
    "4 v added at layer 15 where x v > 0",
    resid_post(15, at(slice(1, None), lambda x: torch.where((x @ VECTOR > 0)[:, None], x + 4 * VECTOR, x))),
)
case("layer 15 doubly changed: zeroed, then v added", resid_post(15, at(span, lambda x: x * 0 + VECTOR)))

# Attention patterns of layer 7, heads 2 and 5, taken from the other prompt.
patterns = {}
frozen = None


def attention(module, query, key, value, attention_mask, scaling, dropout=0.0, **_):
    key = modeling_llama.repeat_kv(key, module.num_key_value_groups)
    value = modeling_llama.repeat_kv(value, module.num_key_value_groups)
    scores = torch.matmul(query, key.transpose(2, 3)) * scaling
    if attention_mask is not None:
        scores = scores + attention_mask[:, :, :, : key.shape[-2]]
    weights = torch.softmax(scores, dim=-1, dtype=torch.float32)
    patterns[module.layer_idx] = weights
    if frozen is not None and module.layer_idx == 7:
        weights = weights.clone()
        weights[:, [2, 5]] = frozen[:, [2, 5]]
    return torch.matmul(weights, value).transpose(1, 2).contiguous(), weights


modeling_llama.eager_attention_forward = attention
run(OTHER)
frozen = patterns[7].clone()
case("patterns of layer 7, heads 2 and 5, frozen", Nothing())
frozen = None

# Path patching: from head 2 of layer 4 to receivers, all other heads and, where asked, all MLPs held.
SENDER = slice(2 * HEAD_WIDTH, 3 * HEAD_WIDTH)


def tensor_of(output):
    return output[0] if isinstance(output, tuple) else output


def watched(ids, modules=()):
    """What every layer's heads (before the output projection) and MLP give, and some modules more."""
    found = {"z": {}, "mlp": {}, "more": {}}
    handles = []

    def watch(module, kind, key):
        return module.register_forward_hook(lambda _, __, output: found[kind].__setitem__(key, tensor_of(output).clone()))

    for index, layer in enumerate(layers):
        handles.append(layer.self_attn.o_proj.register_forward_pre_hook(lambda _, inputs, i=index: found["z"].__setitem__(i, inputs[0].clone())))
        handles.append(watch(layer.mlp, "mlp", index))
    handles += [watch(module, "more", module) for module in modules]
    run(ids)
    for handle in handles:
        handle.remove()
    return found


clean, corrupted = watched(PROMPT), watched(OTHER)


def path_case(name, receivers, hold_mlps):
    """`receivers`: modules, and which columns of what they give receive."""
    held = []
    for index, layer in enumerate(layers):
        z = clean["z"][index].clone()
        if index == 4:
            z[:, :, SENDER] = corrupted["z"][4][:, :, SENDER]
        held.append(layer.self_attn.o_proj.register_forward_pre_hook(lambda _, __, z=z: (z,)))
        if hold_mlps:
            held.append(layer.mlp.register_forward_hook(lambda _, __, ___, i=index: clean["mlp"][i]))
    received = watched(PROMPT, [module for module, _ in receivers])["more"]
    for handle in held:
        handle.remove()

    def receive(module, columns):
        def hook(_, __, output):
            changed = tensor_of(output).clone()
            changed[:, :, columns] = received[module][:, :, columns]
            return (changed, *output[1:]) if isinstance(output, tuple) else changed

        return module.register_forward_hook(hook)

    handles = [receive(*receiver) for receiver in receivers]
    case(name, type("All", (), {"remove": lambda self: [handle.remove() for handle in handles]})())


nine = layers[9].self_attn
queries = [(nine.q_proj, slice(0, 3 * HEAD_WIDTH))]
path_case("path from head 2 of layer 4 to queries of layer 9", queries, True)
path_case("the same path, MLPs free", queries, False)
path_case("path to keys and values of layer 9", [(nine.k_proj, slice(0, HEAD_WIDTH)), (nine.v_proj, slice(HEAD_WIDTH, 3 * HEAD_WIDTH))], True)
path_case("path to the residual stream after layer 20, MLPs free", [(layers[20], slice(None))], False)


def greedy(steer):
    """40 greedy tokens; `steer(is_prompt)` says whether a pass is steered: 3 v at layer 15."""
    chosen = []
    ids = torch.tensor([PROMPT])
    cache = transformers.DynamicCache()
    state = {"steered": False}
    handle = resid_post(15, lambda x: x + 3 * VECTOR if state["steered"] else x)
    for step in range(NEW_TOKENS):
        state["steered"] = steer(step == 0)
        with torch.no_grad():
            logits = model(ids, past_key_values=cache, use_cache=True).logits[0, -1]
        chosen.append(int(logits.argmax()))
        ids = torch.tensor([[chosen[-1]]])
    handle.remove()
    return chosen


cases["nothing steered, 40 tokens"] = {"greedy": greedy(lambda is_prompt: False)}
cases["the prompt steered, 40 tokens"] = {"greedy": greedy(lambda is_prompt: is_prompt)}
cases["every token steered, 40 tokens"] = {"greedy": greedy(lambda is_prompt: True)}

golden = {
    "generator": "tests/parity/interventions.py",
    "versions": {"torch": torch.__version__, "transformers": transformers.__version__, "gguf": version("gguf")},
    "weights": {"file": NAME, "sha256": hashlib.sha256((Path(folder) / NAME).read_bytes()).hexdigest()},
    "everyToken": EVERY_TOKEN,
    "prompt": PROMPT,
    "other": OTHER,
    "positions": POSITIONS,
    "cases": cases,
}
(Path(__file__).parent / "golden" / "interventions.json").write_text(json.dumps(golden) + "\n")
