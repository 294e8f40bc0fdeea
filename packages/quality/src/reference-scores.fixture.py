"""Writes reference-scores.fixture.json: what sacrebleu and rouge-score give for fixed texts.

Run with a Python that has sacrebleu 2.6.0 and rouge-score 0.1.2 (infra/python-quality/requirements.txt): make quality-fixture
"""
import json
import random
from pathlib import Path

import sacrebleu
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics import BLEU, CHRF
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

draw = random.Random(8)
ROUGE = ["rouge1", "rouge2", "rougeL"]
rouge = RougeScorer(ROUGE, use_stemmer=False)
tokenize = Tokenizer13a()

SPACES = [" ", "  ", "\t", "\n", "-\n", "\r\n", "\x0b", "\x0c", "\x1c", "\x1f", "\x85", "\xa0", "\u1680", "\u2003", "\u2028", "\u202f", "\u3000", "\ufeff", "\u200b"]
MARKS = list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") + ["&quot;", "&amp;", "&lt;", "&gt;", "&amp;lt;", "<skipped>", "...", "1,234.5", "3.", ".5", "2-3", "a-b", "9-"]
# A high surrogate alone: with a low one behind it, it would be two characters here and one where the texts are read.
LETTERS = list("abcxyzABCXYZ0129") + list("äßéÅñøİıſKσςΣжЖ漢字かな한") + ["e\u0301", "👩\u200d🔬", "🇩🇪", "𝒳", "\ud83d", "\u0000", "\u200d"]
WORDS = "the a small program for reading and writing files on network disks library tool text fast simple server client".split()


def unicode_text(length):
    kinds = draw.choices([SPACES, MARKS, LETTERS], weights=[2, 2, 6], k=length)
    return "".join(draw.choice(kind) for kind in kinds)


def sentence(length):
    words = draw.choices(WORDS, k=length)
    words = [w.capitalize() if draw.random() < 0.1 else w for w in words]
    return draw.choice([" ", " ", " - "]).join(words) + draw.choice(["", ".", "!", ", 3.5", " (v1.2)"])


def changed(text, piece):
    """The text with some pieces left out, put in, doubled or moved."""
    if draw.random() < 0.1:
        return draw.choice(["", text, " ", text.upper(), piece()])
    for _ in range(draw.randrange(4)):
        at, end = sorted(draw.randrange(len(text) + 1) for _ in range(2))
        end = min(end, at + 6)
        text = draw.choice([text[:at] + text[end:], text[:at] + piece() + text[at:], text[:end] + text[at:], text[at:end] + text[:at] + text[end:]])
    return text


def corpus(name, hypotheses, references):
    most = max(map(len, references))
    streams = [[refs[i] if i < len(refs) else None for refs in references] for i in range(most)]
    scores = [rouge.score_multi(refs, hyp) for hyp, refs in zip(hypotheses, references)]
    bleu, chrf = BLEU(), CHRF()
    return {
        "name": name,
        "hypotheses": hypotheses,
        "references": references,
        "bleu": bleu.corpus_score(hypotheses, streams).score,
        "chrf2": chrf.corpus_score(hypotheses, streams).score,
        **{kind: sum(score[kind].fmeasure for score in scores) / len(scores) for kind in ROUGE},
    }


def drawn(name, make, piece):
    hypotheses, references = [], []
    for _ in range(draw.randrange(1, 8)):
        truth = make()
        references.append([truth] + [changed(truth, piece) for _ in range(draw.choice([0, 0, 1, 2]))])
        hypotheses.append(changed(truth, piece))
    return corpus(name, hypotheses, references)


CAT = ["The cat sat on the mat.", "There is a cat on the mat, isn't there?"]
corpora = [
    corpus("equal", [CAT[0], "a b c d e f"], [[CAT[0]], ["a b c d e f"]]),
    corpus("several references", ["the cat is sitting on the mat .", "It costs 1,234.50 EUR - or so."], [CAT, ["It costs 1,234.50 EUR.", "The price is 1,234.50 EUR or so.", ""]]),
    corpus("nothing in common", ["one two three four five"], [["six seven eight nine ten"]]),
    corpus("no order of four matches", ["a b x c d", "e f"], [["a b c d"], ["f e"]]),
    corpus("outputs below four words", ["hello world", "good day"], [["hello world"], ["good day"]]),
    corpus("empty outputs", ["", "", "files on network disks"], [["a small tool"], ["text", "fast text"], ["reading files on network disks"]]),
    corpus("nothing but empty outputs", ["", "  "], [["a small tool"], ["text"]]),
    corpus("empty references", ["a small tool for text", ""], [[""], [""]]),
    corpus("too short and too long", ["the the the the the the the", "the"], [["the cat", "the the cat sat on the mat today"], ["the cat sat on the mat"]]),
    corpus("other scripts", ["Ein schöner Tag für große Bären.", "猫が座った。", "кот сидит на ковре"], [["Ein schoener Tag für große Bären."], ["猫が座っていた。"], ["кот сидел на ковре", "Кот сидит на ковре."]]),
    corpus("one character", ["a", "b", "👍"], [["a"], ["ab"], ["👍👎"]]),
]
corpora += [drawn(f"sentences {i}", lambda: sentence(draw.randrange(1, 14)), lambda: " " + draw.choice(WORDS) + " ") for i in range(30)]
corpora += [drawn(f"random Unicode {i}", lambda: unicode_text(draw.randrange(1, 40)), lambda: unicode_text(3)) for i in range(40)]
lines = [unicode_text(draw.randrange(0, 25)) for _ in range(150)]

document = {
    "sacrebleu": sacrebleu.__version__,
    "rougeScore": "0.1.2",
    "words13a": [{"text": line, "words": tokenize(line.rstrip()).split()} for line in lines],
    "corpora": corpora,
}
path = Path(__file__).with_name("reference-scores.fixture.json")
path.write_text(json.dumps(document, indent=None, separators=(",", ":")) + "\n")
