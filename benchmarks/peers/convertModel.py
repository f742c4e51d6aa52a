"""A GGUF file in the forms that peers read: a Hugging Face folder in float32, and GGUF files in F32 and Q8_0 of the same numbers.

Reads {"model": path, "folder": path, "gguf": {"float32": path, "int8": path}} from the file named as first argument, and prints it
once everything is written. Norms stay float32 in all of them.

Versions: requirements.txt beside this file.
"""
import json
import os
import sys

import gguf
import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

job = json.load(open(sys.argv[1]))
os.makedirs(job["folder"], exist_ok=True)
reader = gguf.GGUFReader(job["model"])


def field(name):
    return reader.fields[name].contents()


def write(path, kind):
    writer = gguf.GGUFWriter(path + ".part", field("general.architecture"))
    for name, entry in reader.fields.items():
        if name.startswith("GGUF.") or name in ("general.architecture", "general.file_type"):
            continue
        sub = entry.types[-1] if entry.types[0] == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(name, entry.contents(), entry.types[0], sub_type=sub)
    for tensor in reader.tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        values = values.reshape([int(n) for n in reversed(tensor.shape)])
        matrix_kind = kind if values.ndim == 2 else gguf.GGMLQuantizationType.F32
        writer.add_tensor(tensor.name, gguf.quants.quantize(values, matrix_kind), raw_dtype=matrix_kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(path + ".part", path)


write(job["gguf"]["float32"], gguf.GGMLQuantizationType.F32)
write(job["gguf"]["int8"], gguf.GGMLQuantizationType.Q8_0)

folder, file = os.path.split(job["model"])
model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32)
AutoTokenizer.from_pretrained(folder, gguf_file=file).save_pretrained(job["folder"])
# Anew, since what came out of a GGUF file counts as quantised and cannot be saved.
settings = {name: value for name, value in model.config.to_dict().items() if name != "quantization_config"}
plain = type(model)(type(model.config)(**settings))
plain.load_state_dict(model.state_dict())
plain.save_pretrained(job["folder"])
print(json.dumps(job))
