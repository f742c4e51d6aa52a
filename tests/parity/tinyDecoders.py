"""Tiny random decoders of every architecture and what transformers computes with them: golden values of tinyDecoders.test.ts.

Usage: python tests/parity/tinyDecoders.py [NAME ...]   (needs torch, transformers, safetensors)
Writes tests/parity/golden/decoders/<name>/: config.json, the weights as transformers saves them, and the file that
scripts/reference.py makes of a model: logits, every hook point and a greedy continuation.
"""
import shutil
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
from reference import FILE, about, reference  # noqa: E402

GOLDEN = Path(__file__).parent / "golden" / "decoders"
PROMPT_TOKENS = 150  # more than one pass of the engine
POSITIONS = [0, 30, 127, 128, 149]  # ends and both sides of the border between passes
SMALLEST_LEAD = 1e-2  # of a greedy token before the next: a thousand times what rounding can do

SIZES = dict(
    vocab_size=97,
    hidden_size=32,
    intermediate_size=40,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=512,
    rms_norm_eps=1e-5,
    initializer_range=0.3,
    pad_token_id=0,
    bos_token_id=1,
    eos_token_id=2,
)


def rope(theta, **scaling):
    return dict(rope_parameters={"rope_type": "default", "rope_theta": theta, **scaling})


def decoder(architecture, dtype=torch.float32, max_shard_size="5GB", **config):
    return dict(architecture=architecture, config=config, dtype=dtype, max_shard_size=max_shard_size)


LLAMA3_ROPE = rope(
    10000.0,
    rope_type="llama3",
    factor=8.0,
    low_freq_factor=1.0,
    high_freq_factor=4.0,
    original_max_position_embeddings=64,
)
GEMMA = {**SIZES, "head_dim": 16, "query_pre_attn_scalar": 12, "sliding_window": 24, "initializer_range": 0.25, "intermediate_size": 24, "num_attention_heads": 2, "num_key_value_heads": 1}
NEOX = {name: value for name, value in SIZES.items() if name not in ("num_key_value_heads", "rms_norm_eps")}

MODELS = {
    "llama3-rope-fp16-sharded": decoder(
        "Llama", torch.float16, "24KB", **{**SIZES, **LLAMA3_ROPE, "tie_word_embeddings": True}
    ),
    "llama-untied-fp32": decoder(
        "Llama", **{**SIZES, **rope(500000.0), "num_key_value_heads": 1, "tie_word_embeddings": False}
    ),
    "llama-biased-linear-rope-fp32": decoder(
        "Llama",
        **{**SIZES, **rope(10000.0, rope_type="linear", factor=2.0)},
        attention_bias=True,
        mlp_bias=True,
        tie_word_embeddings=True,
    ),
    "mistral-window-bf16": decoder(
        "Mistral",
        torch.bfloat16,
        **{**SIZES, **rope(10000.0), "head_dim": 16, "sliding_window": 24, "tie_word_embeddings": False},
    ),
    "smollm3": decoder(
        "SmolLM3", **{**SIZES, **rope(5000.0), "no_rope_layer_interval": 2, "tie_word_embeddings": True}
    ),
    "qwen2": decoder("Qwen2", **{**SIZES, **rope(1e6), "tie_word_embeddings": True}),
    "qwen2-window-untied": decoder(
        "Qwen2",
        **{**SIZES, **rope(1e6), "use_sliding_window": True, "sliding_window": 24, "max_window_layers": 1},
    ),
    "qwen3": decoder("Qwen3", **{**SIZES, **rope(1e6), "head_dim": 16, "tie_word_embeddings": True}),
    "qwen3-moe": decoder(
        "Qwen3Moe",
        **{**SIZES, **rope(1e6), "head_dim": 8, "moe_intermediate_size": 12, "num_experts": 6, "num_experts_per_tok": 2},
        norm_topk_prob=True,
    ),
    "qwen3-moe-unnormalised": decoder(
        "Qwen3Moe",
        **{**SIZES, **rope(1e6), "head_dim": 8, "moe_intermediate_size": 16, "num_experts": 4, "num_experts_per_tok": 3},
        norm_topk_prob=False,
    ),
    "mixtral": decoder(
        "Mixtral", **{**SIZES, **rope(1e6), "intermediate_size": 16, "num_local_experts": 4}, num_experts_per_tok=2
    ),
    "gemma2": decoder(
        "Gemma2", **{**GEMMA, **rope(10000.0)}, attn_logit_softcapping=5.0, final_logit_softcapping=8.0
    ),
    "gemma3": decoder(
        "Gemma3Text",
        **{**GEMMA, "num_hidden_layers": 3},
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        rope_parameters={
            "sliding_attention": {"rope_type": "default", "rope_theta": 100.0},
            "full_attention": {"rope_type": "linear", "factor": 2.0, "rope_theta": 10000.0},
        },
    ),
    "phi3-partial": decoder(
        "Phi3", **{**SIZES, **rope(10000.0, partial_rotary_factor=0.5)}, original_max_position_embeddings=512
    ),
    "phi3-longrope-window": decoder(
        "Phi3",
        **{
            **SIZES,
            **rope(
                10000.0,
                rope_type="longrope",
                short_factor=[1.0, 1.5, 2.0, 4.0],
                long_factor=[1.0, 2.0, 8.0, 16.0],
                original_max_position_embeddings=256,
            ),
        },
        original_max_position_embeddings=256,
        sliding_window=24,
    ),
    "gpt2": decoder(
        "GPT2", n_embd=32, n_layer=2, n_head=4, n_inner=48, n_positions=192, vocab_size=97, initializer_range=0.3, bos_token_id=1, eos_token_id=2
    ),
    "gpt-neox": decoder(
        "GPTNeoX",
        **{**NEOX, **rope(10000.0, partial_rotary_factor=0.25), "num_attention_heads": 2},
        layer_norm_eps=1e-5,
        use_parallel_residual=True,
    ),
    "gpt-neox-sequential": decoder(
        "GPTNeoX",
        **{**NEOX, **rope(10000.0, partial_rotary_factor=0.5)},
        layer_norm_eps=1e-5,
        use_parallel_residual=False,
        tie_word_embeddings=True,
    ),
    "olmo2": decoder("Olmo2", **{**SIZES, **rope(500000.0)}),
}

CLASSES = {"Gemma3Text": ("Gemma3TextConfig", "Gemma3ForCausalLM"), "GPT2": ("GPT2Config", "GPT2LMHeadModel")}


def write(name, architecture, config, dtype, max_shard_size):
    config_class, model_class = CLASSES.get(architecture, (f"{architecture}Config", f"{architecture}ForCausalLM"))
    folder = GOLDEN / name
    network = getattr(transformers, model_class)
    for seed in range(20):
        torch.manual_seed(1000 * sum(map(ord, name)) + seed)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        net = network(getattr(transformers, config_class)(**config)).eval()
        with torch.no_grad():
            for parameter_name, parameter in net.named_parameters():
                if parameter_name.endswith("bias") or "norm" in parameter_name or ".ln_" in parameter_name:
                    parameter.add_(torch.randn_like(parameter) * 0.2)  # else all zeros and ones
        net.to(dtype).save_pretrained(folder, max_shard_size=max_shard_size)
        (folder / "generation_config.json").unlink(missing_ok=True)
        # Read anew: `to` has rounded the rotary frequencies as well, which a model loaded in single precision has not.
        net = network.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        ids = torch.randint(0, 97, (PROMPT_TOKENS,)).tolist()
        tensors, lead = reference(net, ids, POSITIONS)
        if lead >= SMALLEST_LEAD:
            break
    else:
        raise SystemExit(f"{name}: no seed gives greedy tokens that stand out")
    save_file(tensors, folder / FILE, metadata=about("tests/parity/tinyDecoders.py"))
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{name}: seed {seed}, lead {lead:.3f}, {size // 1000} kB, {len(tensors)} tensors")


for each in sys.argv[1:] or MODELS:
    write(each, **MODELS[each])
