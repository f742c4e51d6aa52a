"""Tiny random decoders and what transformers computes with them: golden values of tinyDecoders.test.ts.

Usage: python tests/parity/tinyDecoders.py   (needs torch, transformers, safetensors)
Writes tests/parity/golden/decoders/<name>/: config.json, the weights as transformers saves them, golden.safetensors and golden.json.
"""
import json
import shutil
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM

GOLDEN = Path(__file__).parent / "golden" / "decoders"
PROMPT_TOKENS = 150  # more than one pass of the engine

SIZES = dict(
    vocab_size=97,
    hidden_size=32,
    intermediate_size=40,
    num_hidden_layers=3,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=512,
    rms_norm_eps=1e-5,
    initializer_range=0.3,
    attn_implementation="eager",
)


def rope(theta, **scaling):
    return dict(rope_parameters={"rope_type": "default", "rope_theta": theta, **scaling})


MODELS = {
    "llama3-rope-fp16-sharded": dict(
        model=LlamaForCausalLM,
        config=LlamaConfig(
            **SIZES,
            **rope(
                10000.0,
                rope_type="llama3",
                factor=8.0,
                low_freq_factor=1.0,
                high_freq_factor=4.0,
                original_max_position_embeddings=64,
            ),
            tie_word_embeddings=True,
        ),
        dtype=torch.float16,
        max_shard_size="40KB",
    ),
    "mistral-window-bf16": dict(
        model=MistralForCausalLM,
        config=MistralConfig(**SIZES, **rope(10000.0), sliding_window=24, head_dim=16, tie_word_embeddings=False),
        dtype=torch.bfloat16,
    ),
    "llama-untied-fp32": dict(
        model=LlamaForCausalLM,
        config=LlamaConfig(**{**SIZES, "num_key_value_heads": 1}, **rope(500000.0), tie_word_embeddings=False),
        dtype=torch.float32,
    ),
    "llama-biased-linear-rope-fp32": dict(
        model=LlamaForCausalLM,
        config=LlamaConfig(
            **{**SIZES, "num_key_value_heads": 4},
            **rope(10000.0, rope_type="linear", factor=2.0),
            attention_bias=True,
            mlp_bias=True,
            tie_word_embeddings=True,
        ),
        dtype=torch.float32,
    ),
}


def write(name, model, config, dtype, max_shard_size="5GB"):
    torch.manual_seed(sum(map(ord, name)))
    folder = GOLDEN / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    net = model(config).eval()
    with torch.no_grad():
        for parameter_name, parameter in net.named_parameters():
            if parameter_name.endswith("bias") or "norm" in parameter_name:  # else all zeros and ones
                parameter.add_(torch.randn_like(parameter) * 0.2)
    net.to(dtype).save_pretrained(folder, max_shard_size=max_shard_size)
    (folder / "generation_config.json").unlink(missing_ok=True)
    # Read anew: `to` has rounded the rotary frequencies as well, which a model loaded in single precision has not.
    net = model.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    ids = torch.randint(0, config.vocab_size, (1, PROMPT_TOKENS))
    residuals = []
    for layer in net.model.layers:
        layer.register_forward_hook(lambda _, __, output: residuals.append(output[0] if output.dim() == 3 else output))
    with torch.no_grad():
        logits = net(ids).logits[0]
    every = slice(0, None, 7)  # a sample is enough, and small
    golden = {"logits": logits[every].contiguous()}
    for layer, residual in enumerate(residuals):
        golden[f"blocks.{layer}.hook_resid_post"] = residual.reshape(PROMPT_TOKENS, -1)[every].contiguous()
    save_file(golden, folder / "golden.safetensors")
    about = {
        "generator": "tests/parity/tinyDecoders.py",
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "everyPosition": 7,
        "ids": ids[0].tolist(),
    }
    (folder / "golden.json").write_text(json.dumps(about) + "\n")


for name, settings in MODELS.items():
    write(name, **settings)
