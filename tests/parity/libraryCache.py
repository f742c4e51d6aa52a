"""What TransformerLens's ActivationCache makes of two tiny random models: golden values of libraryCache.test.ts.

Usage: python tests/parity/libraryCache.py   (needs torch, transformers, safetensors, transformer-lens 2, which has HookedTransformer)
Writes tests/parity/golden/libraryCache/<name>/: config.json, tokenizer.json, model.safetensors and expected.safetensors, whose
metadata hold labels and versions. Raw weights, except for logit attributions: there the final norm's gain is folded into the
unembedding (fold_ln), as TransformerLens's own warning asks. Nothing is centred, and value biases stay where they are.
"""
import copy
import json
from importlib.metadata import version
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformer_lens import HookedTransformer, HookedTransformerConfig
from transformer_lens.pretrained.weight_conversions.gpt2 import convert_gpt2_weights
from transformer_lens.pretrained.weight_conversions.llama import convert_llama_weights
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

GOLDEN = Path(__file__).parent / "golden" / "libraryCache"
VOCABULARY, WIDTH, HEADS, LAYERS, CONTEXT = 96, 24, 3, 2, 64
PROMPT = [(7 * i * i + 5 * i + 3) % VOCABULARY for i in range(11)]
TOKENS = [(13 * i + 1) % VOCABULARY for i in range(11)]
OTHERS = [(29 * i + 8) % VOCABULARY for i in range(11)]
COMMON = dict(d_model=WIDTH, d_head=WIDTH // HEADS, n_heads=HEADS, n_layers=LAYERS, n_ctx=CONTEXT, d_vocab=VOCABULARY, device="cpu")


def llama():
    config = LlamaConfig(vocab_size=VOCABULARY, hidden_size=WIDTH, intermediate_size=20, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
                         num_key_value_heads=1, max_position_embeddings=CONTEXT, tie_word_embeddings=False, initializer_range=0.3, bos_token_id=0, eos_token_id=0)
    hooked = HookedTransformerConfig(**COMMON, d_mlp=20, n_key_value_heads=1, act_fn="silu", gated_mlp=True, normalization_type="RMS",
                                     eps=config.rms_norm_eps, positional_embedding_type="rotary", rotary_dim=WIDTH // HEADS,
                                     rotary_adjacent_pairs=False, rotary_base=10000, final_rms=True)
    return LlamaForCausalLM(config), hooked, convert_llama_weights


def gpt2():
    config = GPT2Config(vocab_size=VOCABULARY, n_embd=WIDTH, n_inner=20, n_layer=LAYERS, n_head=HEADS, n_positions=CONTEXT, initializer_range=0.3, bos_token_id=0, eos_token_id=0)
    hooked = HookedTransformerConfig(**COMMON, d_mlp=20, act_fn="gelu_new", normalization_type="LN", eps=config.layer_norm_epsilon)
    return GPT2LMHeadModel(config), hooked, convert_gpt2_weights


def tokenizer():
    """One token for each printable character and one for the space, as byte-level tokenisers spell them."""
    vocabulary = {chr(33 + i): i for i in range(94)} | {"\u0120": 94, "\u010a": 95}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {"version": "1.0", "added_tokens": [], "normalizer": None, "pre_tokenizer": byte_level, "post_processor": None,
            "decoder": byte_level, "model": {"type": "BPE", "vocab": vocabulary, "merges": []}}


def hooked_model(config, weights, fold):
    model = HookedTransformer(copy.deepcopy(config)).eval()
    model.load_and_process_state_dict({name: value.clone() for name, value in weights.items()}, fold_ln=fold, center_writing_weights=False,
                                      center_unembed=False, fold_value_biases=False, refactor_factored_attn_matrices=False)
    return model


def results(raw, folded):
    ids = torch.tensor([PROMPT])
    tokens, others = torch.tensor([TOKENS]), torch.tensor([OTHERS])
    logits, cache = raw.run_with_cache(ids)
    folded_logits, folded_cache = folded.run_with_cache(ids)
    print(f"  folding changes logits by at most {(logits - folded_logits).abs().max():.1e}")
    values, labels = {"logits": logits}, {}

    def keep(name, stack):
        values[name], labels[name] = stack

    keep("accumulated", cache.accumulated_resid(return_labels=True))
    # By the cached scale: with apply_ln versions after 2.16 take each stream's own norm at the end, as the lens below does.
    middles, names = cache.accumulated_resid(incl_mid=True, return_labels=True)
    keep("accumulated, middles, normalised", (cache.apply_ln_to_stack(middles), names))
    keep("accumulated, into mlp 1, normalised", cache.accumulated_resid(layer=1, mlp_input=True, apply_ln=True, return_labels=True))
    keep("accumulated, into attention 1, normalised", cache.accumulated_resid(layer=1, apply_ln=True, return_labels=True))
    keep("decomposed", cache.decompose_resid(return_labels=True))
    keep("decomposed, into mlp 1, normalised", cache.decompose_resid(layer=1, mlp_input=True, apply_ln=True, return_labels=True))
    keep("decomposed, attention, last, normalised",
         cache.decompose_resid(mode="attn", incl_embeds=False, apply_ln=True, pos_slice=(10, 11), return_labels=True))
    keep("heads, remainder", cache.stack_head_results(incl_remainder=True, return_labels=True))
    keep("heads, layer 1, last, normalised", cache.stack_head_results(layer=1, apply_ln=True, pos_slice=(10, 11), return_labels=True))
    keep("neurons, remainder", cache.stack_neuron_results(-1, incl_remainder=True, return_labels=True))
    keep("neurons 3 and 7, layer 1, last, normalised",
         cache.stack_neuron_results(1, neuron_slice=[3, 7], pos_slice=(10, 11), apply_ln=True, return_labels=True))
    keep("everything", cache.get_full_resid_decomposition(return_labels=True))
    keep("everything but neurons, into mlp 1, normalised",
         cache.get_full_resid_decomposition(layer=1, mlp_input=True, expand_neurons=False, apply_ln=True, return_labels=True))
    keep("everything, into attention 1, last", cache.get_full_resid_decomposition(layer=1, pos_slice=(10, 11), return_labels=True))
    values["decomposed, normalised for mlp 1"] = cache.apply_ln_to_stack(cache.decompose_resid(1, mlp_input=True), 1, mlp_input=True)
    values["z of every layer"] = cache.stack_activation("z", sublayer_type="attn")
    cache.compute_head_results()
    values["heads of layer 1"] = cache["result", 1, "attn"]
    values["attribution"] = folded_cache.logit_attrs(folded_cache.decompose_resid(), tokens)
    values["attribution of a difference"] = folded_cache.logit_attrs(folded_cache.decompose_resid(), tokens, others)
    heads = folded_cache.stack_head_results(incl_remainder=True, pos_slice=(10, 11))
    values["attribution, heads, last"] = folded_cache.logit_attrs(heads, torch.tensor(5), pos_slice=(10, 11))
    accumulated = cache.accumulated_resid(incl_mid=True)
    values["lens, own norm"] = torch.stack([raw.unembed(raw.ln_final(stream)) for stream in accumulated])
    normalised = folded_cache.apply_ln_to_stack(folded_cache.accumulated_resid(incl_mid=True))
    values["lens, final norm"] = folded.unembed(normalised.flatten(0, 1)).unflatten(0, (-1, 1))
    own = folded.unembed(folded_cache.accumulated_resid(incl_mid=True, apply_ln=True).flatten(0, 1)).unflatten(0, (-1, 1))
    assert (own - values["lens, own norm"]).abs().max() < 1e-4
    return values, labels


torch.manual_seed(0)
torch.set_grad_enabled(False)
for make in (llama, gpt2):
    model, config, convert = make()
    model.eval()
    for name, parameter in model.named_parameters():
        if "norm" in name or "ln_" in name:  # gains of one and biases of zero would hide faults
            parameter.copy_(torch.rand_like(parameter) + (0.5 if name.endswith("weight") else -0.5))
        elif name.endswith("bias"):
            parameter.copy_(torch.rand_like(parameter) - 0.5)
    print(make.__name__)
    folder = GOLDEN / make.__name__
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer()))
    weights = convert(model, config)
    values, labels = results(hooked_model(config, weights, False), hooked_model(config, weights, True))
    error = (values["logits"] - model(torch.tensor([PROMPT])).logits).abs().max()
    print(f"  TransformerLens and transformers differ by at most {error:.1e}")
    assert error < 1e-3, error
    versions = {package: version(package) for package in ("torch", "transformers", "transformer-lens", "safetensors")}
    metadata = {"prompt": PROMPT, "tokens": TOKENS, "others": OTHERS, "labels": labels, "versions": versions}
    save_file({name: value.contiguous().float() for name, value in values.items()}, folder / "expected.safetensors",
              metadata={name: json.dumps(value) for name, value in metadata.items()})
