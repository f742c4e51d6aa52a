"""LoRA adapters of tiny decoders and what transformers computes with them merged: golden values of adapters.test.ts.

Usage: python tests/parity/adapters.py   (needs torch, transformers, peft, safetensors; after tinyDecoders.py)
Writes tests/parity/golden/adapters/<name>/: the adapter as PEFT saves it, and the file that scripts/reference.py makes of
the model with the adapter merged by PEFT, whose logits are those of the model with the adapter beside it.
"""
import copy
import json
import shutil
import sys
from pathlib import Path

import peft
import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
from reference import FILE, about, reference  # noqa: E402

GOLDEN = Path(__file__).parent / "golden"
POSITIONS = [0, 20, 39]
# By the adapter's name: its decoder and PEFT's settings.
ADAPTERS = {
    "llama-untied-fp32": ("llama-untied-fp32", dict(target_modules=["q_proj", "v_proj", "down_proj"], r=4, lora_alpha=8)),
    "phi3-partial": ("phi3-partial", dict(target_modules=["qkv_proj", "gate_up_proj"], r=2, lora_alpha=3, use_rslora=True)),
    "gpt2": ("gpt2", dict(target_modules=["c_attn", "c_proj"], r=2, lora_alpha=4, fan_in_fan_out=True)),
    "llama-dora": ("llama-untied-fp32", dict(target_modules=["q_proj", "k_proj", "down_proj"], r=3, lora_alpha=6, use_dora=True)),
    "gpt2-dora-biases": ("gpt2", dict(target_modules=["c_attn", "c_fc"], r=2, lora_alpha=4, fan_in_fan_out=True, use_dora=True, bias="all")),
    "phi3-patterns": ("phi3-partial", dict(
        target_modules=["qkv_proj", "gate_up_proj", "o_proj"], r=2, lora_alpha=3,
        rank_pattern={"o_proj": 3, r"layers\.1\.self_attn\.qkv_proj": 1}, alpha_pattern={"gate_up_proj": 7, r".*\.0\..*o_proj": 5})),
    "qwen2-whole-head": ("qwen2", dict(target_modules=["q_proj"], r=2, lora_alpha=4, modules_to_save=["lm_head"])),
    "qwen2-whole-embedding": ("qwen2", dict(target_modules=["q_proj"], r=2, lora_alpha=4, modules_to_save=["embed_tokens", "norm"])),
    "qwen2-head-pair": ("qwen2", dict(target_modules=["v_proj", "lm_head"], r=2, lora_alpha=4)),
    "phi3-whole-fused": ("phi3-partial", dict(target_modules=["o_proj"], r=2, lora_alpha=4, modules_to_save=["qkv_proj", "post_attention_layernorm"])),
}


def vary(name, parameter):
    """Numbers for what was trained: noise for pairs, a little of it for what begins as the base has it."""
    noise = torch.randn_like(parameter)
    if "magnitude" in name:
        parameter.mul_(1 + 0.3 * noise)
    elif "lora_" in name:
        parameter.copy_(noise * 0.3)
    else:
        parameter.add_(noise * 0.1)


for name, (decoder, settings) in ADAPTERS.items():
    torch.manual_seed(sum(map(ord, name)))
    folder = GOLDEN / "adapters" / name
    shutil.rmtree(folder, ignore_errors=True)
    base = AutoModelForCausalLM.from_pretrained(
        GOLDEN / "decoders" / decoder, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    model = peft.get_peft_model(base, peft.LoraConfig(task_type="CAUSAL_LM", **settings)).eval()
    with torch.no_grad():
        for parameter_name, parameter in model.named_parameters():
            if parameter.requires_grad:
                vary(parameter_name, parameter)
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    config = json.loads((folder / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = f"../../decoders/{decoder}"
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    ids = torch.randint(0, 97, (40,)).tolist()
    with torch.no_grad():
        unmerged = model(torch.tensor([ids]), use_cache=False).logits[0]
        if base.config.tie_word_embeddings:
            # Merging would write into the matrix that embeddings and head share, which is not what was trained.
            base.lm_head = copy.deepcopy(base.lm_head)
    merged = model.merge_and_unload().eval()
    tensors, lead = reference(merged, ids, POSITIONS)
    difference = (unmerged[POSITIONS] - tensors["logits"]).abs().max() / unmerged.abs().max()
    assert difference < 1e-5, (name, difference)
    kept = ("logits", "ids", "positions", "greedy", "blocks.0.hook_resid_post", "blocks.1.hook_resid_post")
    metadata = {**about("tests/parity/adapters.py"), "peft": peft.__version__}
    save_file({key: tensors[key] for key in kept}, folder / FILE, metadata=metadata)
    print(f"{name}: lead {lead:.3f}, {sum(file.stat().st_size for file in folder.iterdir()) // 1000} kB")
