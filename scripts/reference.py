"""What transformers computes with a model: the golden file that `models check` compares with.

Usage: python scripts/reference.py FOLDER [--tokens N]   (needs torch, transformers, safetensors)
FOLDER is a Hugging Face folder, or one with a GGUF file. Writes FOLDER/innerview-reference.safetensors: token ids, logits and
every hook point by TransformerLens's name at a few positions, and a greedy continuation; single precision, nothing folded.

Values come from forward hooks on the model's own modules and from its eager attention; those that no module shows (norms'
scales, scores, patterns, each head's output) are computed here from what it does show, in float64.
"""
import argparse
import importlib
import json
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file

FILE = "innerview-reference.safetensors"
GREEDY_TOKENS = 24
TEXT = (
    "In a small town by the sea, an old clockmaker found a letter under the door. It said: 'Ask me twenty questions, "
    "and I will tell you what was lost.' He counted the gulls (17, 18, 19 ...), put on his coat, and went out."
)

# Modules within a layer, by the names of the families: the first that is there is taken.
ATTENTION = ["self_attn", "attn", "attention"]
MLP = ["mlp", "block_sparse_moe"]
OUTPUT = ["o_proj", "c_proj", "dense"]
FUSED = ["qkv_proj", "c_attn", "query_key_value"]
UP = ["up_proj", "c_fc", "dense_h_to_4h"]
DOWN = ["down_proj", "c_proj", "dense_4h_to_h"]


def first(module, names):
    for name in names:
        if hasattr(module, name):
            return getattr(module, name)
    return None


def value_of(output):
    return output[0] if isinstance(output, tuple) else output


class Recorder:
    """Hook points of one forward pass of one sequence, by name, without the batch."""

    def __init__(self, model):
        self.model = model
        self.config = model.config
        self.values = {}
        self.handles = []
        self.base = model.base_model
        self.layers = first(self.base, ["layers", "h"])
        self.heads = self.config.num_attention_heads
        attention = first(self.layers[0], ATTENTION)
        default = self.config.hidden_size // self.heads
        self.head_width = getattr(self.config, "head_dim", None) or getattr(attention, "head_dim", default)
        self.key_heads = getattr(self.config, "num_key_value_heads", None) or self.heads
        self.is_parallel = self.config.model_type == "gpt_neox" and self.config.use_parallel_residual

    def keep(self, name, value):
        self.values[name] = value.detach().squeeze(0).clone()

    def on_output(self, module, act):
        self.handles.append(module.register_forward_hook(lambda _, __, output: act(value_of(output))))

    def on_input(self, module, act):
        def hook(_, arguments, keywords):
            act(arguments[0] if arguments else keywords["hidden_states"])

        self.handles.append(module.register_forward_pre_hook(hook, with_kwargs=True))

    def norm(self, module, name):
        def act(x):
            epsilon = getattr(module, "variance_epsilon", None) or getattr(module, "eps", None)
            wide = x.double()
            if isinstance(module, torch.nn.LayerNorm):
                wide = wide - wide.mean(-1, keepdim=True)
            scale = (wide.pow(2).mean(-1, keepdim=True) + epsilon).sqrt()
            self.keep(f"{name}.hook_scale", scale.float())
            self.keep(f"{name}.hook_normalized", (wide / scale).float())

        self.on_input(module, act)

    def split_heads(self, value, heads):
        return value.reshape(*value.shape[:-1], heads, self.head_width)

    def projections(self, attention, name):
        def keep(letter, value, heads):
            self.keep(f"{name}.hook_{letter}", self.split_heads(value, heads))

        fused = first(attention, FUSED)
        if fused is None:
            self.on_output(attention.q_proj, lambda q: keep("q", q, self.heads))
            self.on_output(attention.k_proj, lambda k: keep("k", k, self.key_heads))
            self.on_output(attention.v_proj, lambda v: keep("v", v, self.key_heads))
            return

        def act(value):
            if self.config.model_type == "gpt_neox":
                byHead = value.reshape(*value.shape[:-1], self.heads, 3 * self.head_width)
                parts = [part.flatten(-2) for part in byHead.split(self.head_width, dim=-1)]
            else:
                parts = value.split([count * self.head_width for count in (self.heads, self.key_heads, self.key_heads)], dim=-1)
            for letter, part, heads in zip("qkv", parts, (self.heads, self.key_heads, self.key_heads)):
                keep(letter, part, heads)

        self.on_output(fused, act)

    def head_norm(self, module, name, heads):
        """A norm of queries or keys: of each head, or of all of them together."""

        def act(x):
            # Gemma 3 has heads before positions by then.
            x = x.transpose(1, 2) if self.config.model_type.startswith("gemma3") else x
            wide = x.double()
            epsilon = getattr(module, "variance_epsilon", None) or module.eps
            scale = (wide.pow(2).mean(-1, keepdim=True) + epsilon).sqrt()
            normalized = (wide / scale).float()
            self.keep(f"{name}.hook_scale", scale.float().reshape(*x.shape[:2], -1, 1))
            self.keep(f"{name}.hook_normalized", normalized.reshape(*x.shape[:2], heads, self.head_width))

        self.on_input(module, act)

    def head_results(self, module, name):
        weight = module.weight.detach()
        if not isinstance(module, torch.nn.Linear):  # Conv1D of GPT-2
            weight = weight.T

        def act(z):
            heads = self.split_heads(z, self.heads)
            self.keep(f"{name}.hook_z", heads)
            parts = weight.reshape(-1, self.heads, self.head_width).double()
            self.keep(f"{name}.hook_result", torch.einsum("bshk,dhk->bshd", heads.double(), parts).float())

        self.on_input(module, act)

    def mlp(self, module, name):
        up = first(module, UP)
        fused = getattr(module, "gate_up_proj", None)
        if isinstance(fused, torch.nn.Linear):

            def act(value):
                gate, linear = value.chunk(2, dim=-1)
                self.keep(f"{name}.hook_pre", gate)
                self.keep(f"{name}.hook_pre_linear", linear)

            self.on_output(fused, act)
        elif hasattr(module, "gate_proj"):
            self.on_output(module.gate_proj, lambda value: self.keep(f"{name}.hook_pre", value))
            self.on_output(up, lambda value: self.keep(f"{name}.hook_pre_linear", value))
        elif up is not None:
            self.on_output(up, lambda value: self.keep(f"{name}.hook_pre", value))
        else:
            self.router(module.gate, name)
            return
        self.on_input(first(module, DOWN), lambda value: self.keep(f"{name}.hook_post", value))

    def router(self, module, name):
        """Of a mixture of experts, whose networks have no values for every token."""

        def act(_, __, output):
            logits, _, chosen = output
            self.keep(f"{name}.hook_expert_weights", logits.float().softmax(-1).unsqueeze(0))
            self.keep(f"{name}.hook_expert_indices", chosen.float().unsqueeze(0))

        self.handles.append(module.register_forward_hook(act))

    def layer(self, layer, index):
        block = f"blocks.{index}"
        kind = self.config.model_type
        has_post_norms = kind.startswith("gemma")
        norms_after = kind == "olmo2"
        self.on_input(layer, lambda x: self.keep(f"{block}.hook_resid_pre", x))
        self.on_output(layer, lambda x: self.keep(f"{block}.hook_resid_post", x))
        attention, mlp = first(layer, ATTENTION), first(layer, MLP)
        self.projections(attention, f"{block}.attn")
        if hasattr(attention, "q_norm"):
            self.head_norm(attention.q_norm, f"{block}.attn.q_norm", self.heads)
            self.head_norm(attention.k_norm, f"{block}.attn.k_norm", self.key_heads)
        self.head_results(first(attention, OUTPUT), f"{block}.attn")
        self.mlp(mlp, f"{block}.mlp")
        if has_post_norms:
            norms = {
                "ln1": layer.input_layernorm,
                "ln1_post": layer.post_attention_layernorm,
                "ln2": layer.pre_feedforward_layernorm,
                "ln2_post": layer.post_feedforward_layernorm,
            }
        elif norms_after:
            norms = {"ln1": layer.post_attention_layernorm, "ln2": layer.post_feedforward_layernorm}
        else:
            norms = {
                "ln1": first(layer, ["input_layernorm", "ln_1"]),
                "ln2": first(layer, ["post_attention_layernorm", "ln_2"]),
            }
        for name, norm in norms.items():
            self.norm(norm, f"{block}.{name}")
        last = "_post" if has_post_norms else ""
        attention_output = norms[f"ln1{last}"] if has_post_norms or norms_after else attention
        mlp_output = norms[f"ln2{last}"] if has_post_norms or norms_after else mlp

        def attended(value):
            self.keep(f"{block}.hook_attn_out", value)
            if not self.is_parallel:
                self.values[f"{block}.hook_resid_mid"] = self.values[f"{block}.hook_resid_pre"] + value.squeeze(0)

        self.on_output(attention_output, attended)
        self.on_output(mlp_output, lambda value: self.keep(f"{block}.hook_mlp_out", value))

    def attention_function(self, original):
        """The module's own eager attention, whose inputs are kept and whose scores are computed once more."""

        def attend(module, query, key, value, attention_mask, scaling=None, softcap=None, **keywords):
            name = f"blocks.{module.layer_idx}.attn"
            # The modules hand scaling and soft cap in by keyword, or by attribute.
            scale = module.head_dim**-0.5 if scaling is None else scaling
            groups = query.shape[1] // key.shape[1]
            scores = query.double() @ key.repeat_interleave(groups, dim=1).double().transpose(2, 3) * scale
            if softcap is not None:
                scores = torch.tanh(scores / softcap) * softcap
            length = query.shape[2]
            seen = torch.ones(length, length, dtype=torch.bool).tril()
            if attention_mask is not None:
                seen = attention_mask[0, 0, :, :length] >= 0
            scores = scores.masked_fill(~seen, float("-inf"))
            self.keep(f"{name}.hook_attn_scores", scores.float())
            self.keep(f"{name}.hook_pattern", scores.softmax(-1).float())
            if self.is_rotated(module):
                self.keep(f"{name}.hook_rot_q", query.transpose(1, 2))
                self.keep(f"{name}.hook_rot_k", key.transpose(1, 2))
            if softcap is not None:
                keywords["softcap"] = softcap
            return original(module, query, key, value, attention_mask, scaling=scaling, **keywords)

        return attend

    def is_rotated(self, attention):
        if self.config.model_type == "gpt2":
            return False
        return bool(getattr(attention, "use_rope", True))

    def record(self, ids):
        """Logits [S, V] and every hook point of these ids."""
        modeling = importlib.import_module(type(self.model).__module__)
        original = modeling.eager_attention_forward
        embed = first(self.base, ["embed_tokens", "wte", "embed_in"])
        self.on_output(embed, lambda value: self.keep("hook_embed", value))
        if hasattr(self.base, "wpe"):
            self.on_output(self.base.wpe, lambda value: self.keep("hook_pos_embed", value))
        for index, layer in enumerate(self.layers):
            self.layer(layer, index)
        self.norm(first(self.base, ["norm", "ln_f", "final_layer_norm"]), "ln_final")
        modeling.eager_attention_forward = self.attention_function(original)
        try:
            with torch.no_grad():
                logits = self.model(torch.tensor([ids]), use_cache=False).logits[0]
        finally:
            modeling.eager_attention_forward = original
            for handle in self.handles:
                handle.remove()
        return logits, self.values


def greedy(model, ids, count):
    """The likeliest tokens one by one, and by how much each was likelier than the next."""
    chosen, margins = [], []
    with torch.no_grad():
        for _ in range(count):
            logits = model(torch.tensor([ids + chosen]), use_cache=False).logits[0, -1]
            best, next_best = logits.topk(2).values.tolist()
            margins.append(best - next_best)
            chosen.append(int(logits.argmax()))
    return chosen, margins


def axes_of(name):
    if name.endswith(("hook_attn_scores", "hook_pattern")):
        return "B H S T"
    if name.endswith((".hook_q", ".hook_k", ".hook_v", ".hook_z", "hook_rot_q", "hook_rot_k")):
        return "B S H K"
    return "B S H D" if name.endswith("hook_result") else "B S D"


def reference(model, ids, positions):
    """Tensors of a reference file, and the smallest lead of a greedy token."""
    logits, values = Recorder(model).record(ids)
    chosen, margins = greedy(model, ids, GREEDY_TOKENS)
    tensors = {"logits": logits[positions]}
    for name, value in values.items():
        tensors[name] = value[:, positions] if axes_of(name) == "B H S T" else value[positions]
    tensors["ids"] = torch.tensor(ids, dtype=torch.int32)
    tensors["positions"] = torch.tensor(positions, dtype=torch.int32)
    tensors["greedy"] = torch.tensor(chosen, dtype=torch.int32)
    return {name: value.contiguous() for name, value in tensors.items()}, min(margins)


def load(folder, gguf=None):
    """A model in single precision and its tokeniser, from a Hugging Face folder or one with a GGUF file, of several the named one."""
    ggufs = [gguf] if gguf else sorted(path.name for path in folder.glob("*.gguf"))
    source = {} if (folder / "config.json").exists() or not ggufs else {"gguf_file": ggufs[0]}
    keywords = {"dtype": torch.float32, "attn_implementation": "eager", **source}
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, **keywords).eval()
    return model, transformers.AutoTokenizer.from_pretrained(folder, **source)


def about(generator):
    return {
        "generator": generator,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tokens", type=int, default=48, help="length of the text")
    options = parser.parse_args()
    model, tokenizer = load(options.folder)
    ids = tokenizer(TEXT)["input_ids"][: options.tokens]
    positions = sorted({0, 1, len(ids) // 2, len(ids) - 1})
    tensors, margin = reference(model, ids, positions)
    save_file(tensors, options.folder / FILE, metadata=about("scripts/reference.py"))
    print(json.dumps({"file": str(options.folder / FILE), "tensors": len(tensors), "smallestLead": margin}))


if __name__ == "__main__":
    sys.exit(main())
