"""Golden token ids for main/model/tokenizer.test.ts and tests/parity/tokenizer.test.ts.

Run: python tests/parity/tokenizer.py SMOLLM2_FOLDER
SMOLLM2_FOLDER holds the tokenizer.json that transformers writes from SmolLM2's GGUF file. That conversion forgets that
SmolLM2 takes digits apart before anything else (`pre` is `smollm`; the published tokenizer.json has Digits before
ByteLevel), so it is put back here. Written with tokenizers 0.23.3 and sentencepiece 0.2.3.
"""

import io
import json
import os
import random
import re
import sys

import sentencepiece
import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

here = os.path.dirname(os.path.abspath(__file__))

written = [
    "", " ", "  ", "   ", "\n", "\n\n", "\n\n\n", "\t", "\t\t", " \n", "\n ", "\r\n", "\r", "a\r\nb", " \t\n ", "\u00a0", "\u2003x", "\u3000",
    "Hello", "Hello world", " Hello", "Hello ", "Hello  world", "Hello   world   ", "hello\nworld", "hello \nworld", "hello\n world",
    "Is it an animal?", "Is it bigger than a breadbox?", "Yes.", "No.", "Invalid Question.", "Question 1: Is it alive?\nAnswer: No.",
    "I'm, you're, he'll, we've, it's, they'd, can't", "I'M YOU'RE HE'LL", "'s 't 're", "it’s", "don''t", "O'Brien's",
    "0", "1", "12", "123", "1234", "12345678901234567890", "3.14159", "1,000,000", "-5", "+5", "5%", "$5", "a5", "5a", "a 5", "a  5", "a   55 b",
    "x = 5  6", "²³½", "٣٤٥", "Ⅷ and ④", "一二三", "1e-10", "0xDEADBEEF", "v1.2.3-rc.4", "2024-07-26T12:30:00Z", "192.168.0.1",
    "café", "cafe\u0301", "naïve façade", "Straße", "İstanbul", "ﬁn", "Ωμέγα", "Привет, мир!", "Здравствуйте", "你好，世界！", "こんにちは世界", "안녕하세요",
    "مرحبا بالعالم", "שלום עולם", "नमस्ते दुनिया", "สวัสดีชาวโลก", "ไก่", "Zażółć gęślą jaźń", "Tiếng Việt", "ქართული", "አማርኛ",
    "🦊", "a🦊b", " 🦊 ", "👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪🇫🇷", "☃️", "😀😃😄", "x😀y 1😀2", "\u200b", "a\u200bb", "\ufeff", "\ufeffx", "a\ufeffb",
    "\u0000", "a\u0000b", "\u0007", "\u001b[31m", "\u007f", "\u0085", "\u00ad", "\ufffd", "\U0010ffff", "\ue000", "e\u0301\u0301\u0301",
    "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|im_start|>user\nhi<|im_end|>\n", "say <|im_end|> now", "<|im_end|><|im_end|>", "a<|im_end|>b",
    "<|im_end", "|im_end|>", "< |im_end|>", "<|IM_END|>", "<|im_end|> ", " <|im_end|>", "<repo_name>", "<file_sep>x", "<jupyter_code>print(1)", "<0x0A>", "<s>", "</s>",
    "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n<|im_start|>user\nIs it red?<|im_end|>\n<|im_start|>assistant\n",
    "def f(x):\n    return x ** 2\n", "if (a && b || !c) { return a[i]++; }", "for(int i=0;i<10;++i)\n\tprintf(\"%d\\n\", i);", "SELECT * FROM t WHERE a <> 'b';",
    "<div class=\"a\">&amp;</div>", "{\"key\": [1, 2.5, null, true]}", "import numpy as np\n\n\nnp.zeros((3, 4))", "\\frac{a}{b} $x^2$", "a_b_c__d", "camelCaseWordsHere",
    "SCREAMING_CASE", "https://example.invalid/path?q=1&r=%20#frag", "me@example.invalid", "C:\\Users\\x\\y.txt", "#!/bin/sh\nset -e", "--flag=value -x", "a/b/c.d",
    "...", "…", "!!!???", "--", "—", "–", "\"quoted\" ‘single’ “double”", "(a) [b] {c} <d>", "a,b;c:d", "~`@#$%^&*_+=|", "½ cup", "x²+y²=z²", "∑∫√∞≠≤", "→←↑↓", "©®™", "€£¥₹",
    "The quick brown fox jumps over the lazy dog.", "THE QUICK BROWN FOX", "tHe QuIcK", "supercalifragilisticexpialidocious", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "ababababababababababab", "zzz" * 30, " " * 50, "\n" * 20, " a" * 30, "-" * 80, "=" * 33, ".\n" * 10, "word " * 40, "Lorem ipsum dolor sit amet, consectetur adipiscing elit. " * 3,
]

alphabets = [
    "abcdefghij ", "ABCdef  \n\t", "0123456789 .,", "!?.,;:'\"()-– ", "äöüßéèñç ", "абвгд ", "中文字符，。", "あいうカキク", "🦊🐻😀❤️👍🏽", "'s't're've'll ", "\r\n \t\u00a0", "\u0301\u0308ae o",
    "<|im_end|> ", "▁ _ ", "ĠĊ Ã©", "½²³①Ⅳ 5",
]


def texts():
    rng = random.Random(20)
    drawn = []
    for i in range(80):
        letters = "".join(rng.sample(alphabets, rng.randint(1, 3)))
        drawn.append("".join(rng.choice(letters) for _ in range(rng.randint(1, 40))))
    return written + drawn


def smollm2(folder):
    with open(os.path.join(folder, "tokenizer.json"), encoding="utf-8") as f:
        as_converted = Tokenizer.from_str(f.read())
    published = Tokenizer.from_str(as_converted.to_str())
    published.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    result = []
    apart = []
    for text in texts():
        ids = published.encode(text, add_special_tokens=False).ids
        if ids != as_converted.encode(text, add_special_tokens=False).ids:
            apart.append(text)
        assert published.decode(ids, skip_special_tokens=False) == text
        result.append(ids)
    print(f"SmolLM2: {len(result)} texts; transformers' conversion differs on {apart}")
    return result


corpus = [
    "Is it an animal? Yes. Is it a bird? No. Can you eat it? Invalid Question. The object is bigger than a car.",
    "Question: Is it made of metal? Answer: No. I'm sure it's alive, isn't it? We've seen 12 of 345 things.",
    "def f(x):\n    return x + 1\n\n    # comment\n", "Die Straße ist größer, naïve café über alles.", "Привет мир, как дела?", "你好世界",
    "HELLO World hello WORLD  two  spaces   three",
]


def tiny_llama3():
    """Llama 3's way: its expression, byte letters, whole words first, a beginning token."""
    split = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(split), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=420, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(corpus, trainer)
    tokenizer.add_special_tokens([AddedToken(t, special=True) for t in ["<|begin_of_text|>", "<|eot_id|>", "<|im_end|>"]])
    tokenizer.add_tokens([AddedToken("two words", normalized=False)])
    bos = tokenizer.token_to_id("<|begin_of_text|>")
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single="<|begin_of_text|> $A", pair=None, special_tokens=[("<|begin_of_text|>", bos)]),
    ])
    return tokenizer


def tiny_llama2():
    """Llama 2's way: underlines for spaces, bytes as tokens, a beginning token."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    special = ["<unk>", "<s>", "</s>"]
    trainer = trainers.BpeTrainer(
        vocab_size=500, show_progress=False, max_token_length=8, special_tokens=special + [f"<0x{i:02X}>" for i in range(256)]
    )
    # Underlines part words while it is trained, as they do in SentencePiece.
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    tokenizer.train_from_iterator(corpus, trainer)
    data = json.loads(tokenizer.to_str())
    data["pre_tokenizer"] = None
    data["added_tokens"] = [t for t in data["added_tokens"] if t["content"] in special]
    tokenizer = Tokenizer.from_str(json.dumps(data))
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", tokenizer.token_to_id("<s>"))]
    )
    return tokenizer


def sentence_piece():
    """A vocabulary with scores as GGUF files of Llama 2 carry it, and the ids that SentencePiece itself gives."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus * 3), model_writer=model, model_type="bpe", vocab_size=420, byte_fallback=True,
        split_digits=True, normalization_rule_name="identity", remove_extra_whitespaces=False, allow_whitespace_only_pieces=True,
        character_coverage=1.0, minloglevel=2,
    )
    sp = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    size = sp.get_piece_size()

    def kind(i):
        return 2 if sp.is_unknown(i) else 3 if sp.is_control(i) else 6 if sp.is_byte(i) else 1

    # SentencePiece reads texts of control tokens as plain text and takes an underline for a space.
    plain = [t for t in texts() if not re.search(r"<s>|</s>|▁|\x00", t)]
    return {
        "tokens": [sp.id_to_piece(i) for i in range(size)],
        "scores": [sp.get_score(i) for i in range(size)],
        "types": [kind(i) for i in range(size)],
        "texts": plain,
        "ids": [sp.encode(t) for t in plain],
    }


def sample(tokenizer):
    rng = random.Random(21)
    size = tokenizer.get_vocab_size()
    ids = [[rng.randrange(size) for _ in range(rng.randint(1, 12))] for _ in range(60)]
    some = texts()
    return {
        "tokenizer": json.loads(tokenizer.to_str()),
        "plain": [tokenizer.encode(t, add_special_tokens=False).ids for t in some],
        "special": [tokenizer.encode(t, add_special_tokens=True).ids for t in some[:20]],
        "decoded": [
            {
                "ids": i,
                "all": tokenizer.decode(i, skip_special_tokens=False),
                "text": tokenizer.decode(i, skip_special_tokens=True),
            }
            for i in ids
        ],
    }


def main():
    golden = {
        "versions": {"tokenizers": tokenizers.__version__, "sentencepiece": sentencepiece.__version__},
        "texts": texts(),
        "smollm2": smollm2(sys.argv[1]),
        "tinyLlama3": sample(tiny_llama3()),
        "tinyLlama2": sample(tiny_llama2()),
        "sentencePiece": sentence_piece(),
    }
    path = os.path.join(here, "golden", "tokenizer.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(golden, f, ensure_ascii=True, separators=(",", ":"))
        f.write("\n")
    print(len(golden["texts"]), "texts;", os.path.getsize(path), "bytes")


main()
