"""LoRA adapters of tiny decoders and what transformers computes with them merged: golden values of adapters.test.ts.

Usage: python tests/parity/adapters.py   (needs torch, transformers, peft, safetensors; after tinyDecoders.py)
Writes tests/parity/golden/adapters/<decoder>/: the adapter as PEFT saves it, and the file that scripts/reference.py makes of
the model with the adapter merged by PEFT.
"""
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
ADAPTERS = {
    "llama-untied-fp32": dict(target_modules=["q_proj", "v_proj", "down_proj"], r=4, lora_alpha=8),
    "phi3-partial": dict(target_modules=["qkv_proj", "gate_up_proj"], r=2, lora_alpha=3, use_rslora=True),
    "gpt2": dict(target_modules=["c_attn", "c_proj"], r=2, lora_alpha=4, fan_in_fan_out=True),
}

for name, settings in ADAPTERS.items():
    torch.manual_seed(sum(map(ord, name)))
    folder = GOLDEN / "adapters" / name
    shutil.rmtree(folder, ignore_errors=True)
    base = AutoModelForCausalLM.from_pretrained(
        GOLDEN / "decoders" / name, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    model = peft.get_peft_model(base, peft.LoraConfig(task_type="CAUSAL_LM", **settings))
    with torch.no_grad():
        for parameter_name, parameter in model.named_parameters():
            if "lora_" in parameter_name:
                parameter.copy_(torch.randn_like(parameter) * 0.3)
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    config = json.loads((folder / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = f"../../decoders/{name}"
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    merged = model.merge_and_unload().eval()
    ids = torch.randint(0, 97, (40,)).tolist()
    tensors, lead = reference(merged, ids, POSITIONS)
    kept = ("logits", "ids", "positions", "greedy", "blocks.0.hook_resid_post", "blocks.1.hook_resid_post")
    metadata = {**about("tests/parity/adapters.py"), "peft": peft.__version__}
    save_file({key: tensors[key] for key in kept}, folder / FILE, metadata=metadata)
    print(f"{name}: lead {lead:.3f}, {sum(file.stat().st_size for file in folder.iterdir()) // 1000} kB")
