"""Files as ARES' scripts and toolkit write them, hostile ones among them, and what NumPy and scikit-learn make of them: golden values of aresImport.test.ts.

Usage: python tests/parity/aresImport.py   (needs torch, numpy, scikit-learn)
Writes tests/parity/golden/aresImport/: collection/ (collect_20q_data.py), trajectory/ (TrajectoryActivations.save), results.json (phase2_steer.py),
hostile/, and expected.json with the versions. The hostile files would leave a file named canary where they are read, if anything ran them.
"""
import json
import os
import pickle
import shutil
import struct
import zipfile
from pathlib import Path

import numpy as np
import sklearn
import torch
from sklearn.linear_model import LogisticRegression

GOLDEN = Path(__file__).parent / "golden" / "aresImport"
WIDTH, EPISODES, STEPS, LAYER = 6, 24, 6, 3
TRAIN = 19  # 80 %


def episode(draw, index, direction):
    steps = []
    own = draw.normal(size=WIDTH)
    for step in range(STEPS - index % 2):
        invalid = int(draw.random() < 0.55)
        prompt, generated = 3 + step, int(draw.integers(0 if index == 5 and step == 2 else 1, 4))
        if index == 5 and step == 2:
            generated = 0
        value = draw.normal(size=(1, prompt + generated, WIDTH)) + 0.4 * own
        value[:, 1:] += 0.7 * direction * (-1 if invalid else 1)
        value[:, 0] *= 100  # the attention sink
        steps.append(
            {
                "step_idx": step,
                "is_invalid": invalid,
                "oracle_response": "A: Invalid Question." if invalid else "A: Yes." if step % 2 else "A: No.",
                "activation": torch.tensor(value, dtype=torch.float32),
                "prompt_len": prompt,
            }
        )
    if index == 7:  # a win ends the episode
        steps = steps[:4]
        steps[-1] |= {"is_invalid": 0, "oracle_response": "A: Yes! You guessed correctly!"}
    return {"episode_idx": index, "steps": steps}


def metadata(episodes):
    return {
        "model_name": "meta-llama/Llama-3.2-1B-Instruct",
        "n_layers": 6,
        "d_model": WIDTH,
        "middle_layer": LAYER,
        "n_episodes": len(episodes),
        "max_steps_per_episode": STEPS,
        "n_devices": 1,
        "failed_devices": [],
        "episodes": [
            {"episode_idx": e["episode_idx"], "n_steps": len(e["steps"]), "n_invalid": sum(s["is_invalid"] for s in e["steps"])}
            for e in episodes
        ],
    }


def pooled(step, pooling):
    values = step["activation"][0].numpy().astype(np.float64)
    prompt = step["prompt_len"]
    if pooling == "lastPrompt":
        return values[prompt - 1]
    if pooling == "meanPrompt":
        return values[1:prompt].mean(axis=0)
    if pooling == "lastK":
        return values[max(0, prompt - 2) : prompt].mean(axis=0)
    return values[1:].mean(axis=0)  # mean


def expected(episodes):
    found = {"rows": {}, "vectors": {}}
    for pooling in ("lastPrompt", "meanPrompt", "lastK", "mean"):
        found["rows"][pooling] = [pooled(s, pooling).tolist() for e in episodes for s in e["steps"]]
    for step in range(STEPS):
        rows = [(pooled(e["steps"][step], "lastPrompt"), e["steps"][step]["is_invalid"]) for e in episodes if len(e["steps"]) > step]
        valid = [value for value, invalid in rows if not invalid]
        invalid = [value for value, invalid in rows if invalid]
        if min(len(valid), len(invalid)) >= 5:
            found["vectors"][step] = (np.mean(valid, axis=0) - np.mean(invalid, axis=0)).tolist()
    split = lambda chosen: (  # noqa: E731
        np.array([pooled(s, "lastPrompt") for e in chosen for s in e["steps"]]),
        np.array([s["is_invalid"] for e in chosen for s in e["steps"]]),
    )
    x, y = split(episodes)
    model = LogisticRegression(C=1.0, solver="liblinear", tol=1e-8, max_iter=10_000).fit(x, y)
    found["probe"] = {"weights": model.coef_[0].tolist(), "intercept": float(model.intercept_[0])}
    return found


class Run:
    def __init__(self, function, *values):
        self.call = (function, values)

    def __reduce__(self):
        return self.call


def container(path, pickled, storages=None, compress=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compress) as file:
        file.writestr("archive/data.pkl", pickled)
        file.writestr("archive/byteorder", "little")
        file.writestr("archive/version", "3\n")
        for key, data in (storages or {}).items():
            file.writestr(f"archive/data/{key}", data)


def tensor(shape, strides, offset=0, values=16, storage="FloatStorage", key="0"):
    """The opcodes of one tensor, with whatever sizes are claimed."""
    number = lambda n: b"\x8a\x08" + struct.pack("<q", n)  # noqa: E731
    text = lambda t: b"X" + struct.pack("<I", len(t)) + t.encode()  # noqa: E731
    tuple_of = lambda ns: b"(" + b"".join(map(number, ns)) + b"t"  # noqa: E731
    reference = b"(" + text("storage") + b"ctorch\n" + storage.encode() + b"\n" + text(key) + text("cpu") + number(values) + b"tQ"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + reference + number(offset) + tuple_of(shape) + tuple_of(strides) + b"\x89ccollections\nOrderedDict\n)RtR"


def hostile(folder):
    canary = "touch canary"
    torch.save({"episode_idx": 0, "steps": Run(os.system, canary)}, folder / "system.pt")
    torch.save({"episode_idx": 0, "steps": Run(eval, "open('canary', 'w')")}, folder / "eval.pt")
    # What a name is called later does not matter: torch's own functions can load files.
    container(folder / "torchLoad.pt", b"\x80\x02ctorch\nload\n(X\x06\x00\x00\x00canarytR.")
    container(folder / "stackGlobal.pt", pickle.dumps(Run(os.system, canary), protocol=4))
    container(folder / "inst.pt", b"\x80\x02(X\x0c\x00\x00\x00touch canaryios\nsystem\n.")
    container(folder / "build.pt", b"\x80\x02}}b.")
    bomb = b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999 + b"."
    container(folder / "nested.pt", bomb, compress=zipfile.ZIP_DEFLATED)
    container(folder / "doubling.pt", b"\x80\x02](K\x01K\x01e" + b"".join(b"q%c]h%ch%c\x86a" % (n, n, n) for n in range(60)) + b".")
    container(folder / "deflated.pt", b"\x80\x02}.", {"0": bytes(40_000_000)}, zipfile.ZIP_DEFLATED)
    storage = {"0": np.arange(16, dtype=np.float32).tobytes()}
    step = lambda t: b"\x80\x02}(X\x0b\x00\x00\x00episode_idxK\x00X\x05\x00\x00\x00steps](}(X\x08\x00\x00\x00step_idxK\x00X\x0a\x00\x00\x00is_invalidK\x00X\x0f\x00\x00\x00oracle_responseX\x07\x00\x00\x00A: Yes.X\x0a\x00\x00\x00activation" + t + b"X\x0a\x00\x00\x00prompt_lenK\x01ueu."  # noqa: E731
    container(folder / "strides.pt", step(tensor([1, 2, 6], [12, 60, 1])), storage)
    container(folder / "negativeStride.pt", step(tensor([1, 2, 6], [12, -6, 1])), storage)
    container(folder / "offset.pt", step(tensor([1, 2, 6], [12, 6, 1], offset=10)), storage)
    container(folder / "claimed.pt", step(tensor([1, 2, 6], [12, 6, 1], values=2**40)), storage)
    container(folder / "expanded.pt", step(tensor([1, 2**40, 6], [0, 0, 1])), storage)
    container(folder / "manyExpanded.pt", b"\x80\x02](" + tensor([1, 2**22, 6], [0, 0, 1]) * 40 + b"e.", storage)
    container(folder / "missingStorage.pt", step(tensor([1, 2, 6], [12, 6, 1], key="7")), storage)
    container(folder / "elsewhere.pt", step(tensor([1, 2, 6], [12, 6, 1], key="../data.pkl")), storage)
    container(folder / "notFinite.pt", step(tensor([1, 2, 6], [12, 6, 1])), {"0": np.full(16, np.nan, np.float32).tobytes()})
    container(folder / "promptLength.pt", step(tensor([1, 2, 6], [12, 6, 1])).replace(b"prompt_lenK\x01", b"prompt_lenK\x09"), storage)
    whole = {"episode_idx": 0, "steps": []}
    torch.save(whole, folder / "old.pt", _use_new_zipfile_serialization=False)
    torch.save({"steps": [torch.arange(400.0)]}, folder / "cut.pt")
    data = (folder / "cut.pt").read_bytes()
    (folder / "cut.pt").write_bytes(data[: len(data) // 2])
    (folder / "text.pt").write_text("not a torch file")


def main():
    shutil.rmtree(GOLDEN, ignore_errors=True)
    for name in ("collection", "trajectory", "hostile"):
        (GOLDEN / name).mkdir(parents=True)
    draw = np.random.default_rng(20)
    direction = draw.normal(size=WIDTH)
    episodes = [episode(draw, index, direction) for index in range(EPISODES)]
    for each in episodes:
        torch.save(each, GOLDEN / "collection" / f"episode_{each['episode_idx']:04d}.pt")
    (GOLDEN / "collection" / "metadata.json").write_text(json.dumps(metadata(episodes), indent=2))

    hooks = {f"blocks.{layer}.hook_resid_post": torch.tensor(draw.normal(size=(1, 5, WIDTH)), dtype=torch.float32) for layer in (0, 1)}
    hooks["blocks.0.hook_mlp_out"] = hooks["blocks.0.hook_resid_post"].to(torch.bfloat16)
    hooks["blocks.0.attn.hook_pattern"] = torch.rand(1, 2, 5, 5)
    hooks["blocks.1.hook_mlp_out"] = torch.tensor(draw.normal(size=(1, WIDTH, 5)), dtype=torch.float16).transpose(1, 2)  # strided
    for step in range(2):
        torch.save(hooks, GOLDEN / "trajectory" / f"step_{step:04d}.pt")
    about = {"model_name": "gpt2-small", "num_steps": 2, "step_metadata": [{"action": "Is it alive?"}, {"action": "Is it a cat?"}]}
    (GOLDEN / "trajectory" / "metadata.json").write_text(json.dumps(about, indent=2))

    played = []
    for alpha in (None, 1.0, 4.0):
        for index in range(3):
            steps = [
                {"step_idx": s, "model_question": f"Is it number {s}?", "oracle_answer": "A: Invalid Question." if (s + index) % 2 and not alpha else "A: Yes.", "steered": alpha is not None, "is_invalid": bool((s + index) % 2 and not alpha)}
                for s in range(3)
            ]
            played.append({"pooling": "last-prompt", "condition": f"last-prompt/{'baseline' if alpha is None else f'alpha={alpha}'}", "alpha": alpha, "episode_idx": index, "n_steps": 3, "steps": steps})
    results = {"model_name": "meta-llama/Llama-3.2-1B-Instruct", "middle_layer": LAYER, "target_step": 2, "alphas": [1.0, 4.0], "secret_words": {str(i): w for i, w in enumerate(("dog", "sun", "car"))}, "episodes": played}
    (GOLDEN / "results.json").write_text(json.dumps(results, indent=1))

    hostile(GOLDEN / "hostile")
    written = expected(episodes) | {
        "trajectory": {name: value.to(torch.float32).flatten().tolist() for name, value in hooks.items()},
        "versions": {"torch": torch.__version__, "numpy": np.__version__, "scikit-learn": sklearn.__version__},
    }
    (GOLDEN / "expected.json").write_text(json.dumps(written))


main()
