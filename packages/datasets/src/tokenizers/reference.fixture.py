"""Writes reference.fixture.json: what Hugging Face's tokenizers learns from LICENSE, and how it encodes random Unicode.

Run with a Python that has tokenizers 0.23.3:
python packages/datasets/src/tokenizers/reference.fixture.py
"""
import hashlib
import json
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

HERE = Path(__file__).parent
LINES = (HERE / "../../../../LICENSE").read_text().splitlines()
SPECIAL = ["<pad>", "<s>", "</s>", "<unk>"]
ALPHABET = pre_tokenizers.ByteLevel.alphabet()

# The same draws as random-unicode.fixture.ts.
RANGES = [(0x20, 0x7E), (0x20, 0x7E), (0x61, 0x7A), (0x09, 0x0D), (0x20, 0x20), (0x80, 0xFF), (0x100, 0x24F),
          (0x300, 0x36F), (0x5D0, 0x6FF), (0x900, 0x97F), (0x2000, 0x206F), (0x3000, 0x30FF), (0x4E00, 0x9FFF),
          (0xFE00, 0xFEFF), (0x1F300, 0x1FAFF), (0x10000, 0x1FFFF), (0x27, 0x27), (0x0, 0xD7FF), (0xE000, 0x10FFFF)]


def random_texts(count):
    state = 1

    def draw(bound):
        nonlocal state
        state = (state * 1664525 + 1013904223) % 2**32
        return (state >> 8) % bound

    for _ in range(count):
        points = []
        for _ in range(1 + draw(40)):
            start, end = RANGES[draw(len(RANGES))]
            points.append(start + draw(end - start + 1))
        yield "".join(map(chr, points))


def digest(encodings):
    return hashlib.sha256("\n".join(" ".join(map(str, ids)) for ids in encodings).encode()).hexdigest()


def encoded(tokenizer, texts):
    tokenizer.encode_special_tokens = True
    return [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]


def random_digests(tokenizer):
    return [digest(encoded(tokenizer, texts[at : at + 100])) for at in range(0, len(texts), 100)]


def trained(model, trainer, special, *, normalizer=None, pre_tokenizer, decoder):
    tokenizer = Tokenizer(model)
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoder
    tokenizer.train_from_iterator(LINES, trainer(special_tokens=special, show_progress=False, vocab_size=350))
    return tokenizer


def byte_level(size, minimum=2):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=size, min_frequency=minimum, special_tokens=SPECIAL, show_progress=False,
                                  initial_alphabet=ALPHABET)
    tokenizer.train_from_iterator(LINES, trainer)
    return tokenizer


learned = byte_level(900)
texts = list(random_texts(4000))
others = {
    "wordpiece": trained(models.WordPiece(unk_token="[UNK]"), trainers.WordPieceTrainer, ["[PAD]", "[UNK]", "[CLS]"],
                         normalizer=normalizers.BertNormalizer(), pre_tokenizer=pre_tokenizers.BertPreTokenizer(),
                         decoder=decoders.WordPiece()),
    "unigram": trained(models.Unigram(), lambda **rest: trainers.UnigramTrainer(unk_token="<unk>", **rest),
                       ["<pad>", "</s>", "<unk>"], normalizer=normalizers.NFKC(),
                       pre_tokenizer=pre_tokenizers.Metaspace(), decoder=decoders.Metaspace()),
    "spaced": trained(models.BPE(), lambda **rest: trainers.BpeTrainer(initial_alphabet=ALPHABET, **rest), ["<|end|>"],
                      pre_tokenizer=pre_tokenizers.Sequence([pre_tokenizers.ByteLevel(add_prefix_space=True)]),
                      decoder=decoders.ByteLevel()),
}
sentences = ["Licensed under the Apache License, Version 2.0 (the \"License\");", "you may not use this file", "émigré 42 ☃",
             "a <unk> and [PAD] of <|end|>", LINES[20]]
model = json.loads(learned.to_str())["model"]
fixture = {
    "merges": model["merges"],
    "vocabularySha256": hashlib.sha256("\n".join(sorted(model["vocab"], key=model["vocab"].get)).encode()).hexdigest(),
    "randomSha256": random_digests(learned),
    "spacedRandomSha256": random_digests(others["spaced"]),
    "others": {
        name: {
            "document": json.loads(tokenizer.to_str()),
            "cases": [
                {"text": text, "ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=False)}
                for text, ids in zip(sentences, encoded(tokenizer, sentences))
            ],
        }
        for name, tokenizer in others.items()
    },
}
(HERE / "reference.fixture.json").write_text(json.dumps(fixture, ensure_ascii=False, separators=(",", ":")) + "\n")
