"""Writes unicode-classes.ts: the letters and numbers of the reference library, frozen at its version of Unicode.

Run with a Python that has tokenizers 0.23.3:
python packages/datasets/src/tokenizers/write-unicode-classes.py
"""
import textwrap
from pathlib import Path

from tokenizers import Regex, pre_tokenizers


def ranges(pattern):
    split = pre_tokenizers.Split(Regex(pattern), "removed")
    points = [p for p in range(0x110000) if not 0xD800 <= p < 0xE000 and not split.pre_tokenize_str(chr(p))]
    starts = [p for i, p in enumerate(points) if i == 0 or points[i - 1] != p - 1]
    ends = [p for i, p in enumerate(points) if i + 1 == len(points) or points[i + 1] != p + 1]
    return [f"{a:x}" if a == b else f"{a:x}-{b:x}" for a, b in zip(starts, ends)]


def constant(name, doc, pattern):
    lines = textwrap.wrap(" ".join(ranges(pattern)), 110)
    body = " +\n".join(f"  '{line}{' ' if i + 1 < len(lines) else ''}'" for i, line in enumerate(lines))
    return f"/** {doc} */\nexport const {name} =\n{body};\n"


text = "// Written by write-unicode-classes.py: do not edit.\n\n" + "\n".join(
    [
        constant("letterRanges", "Code points of general category L in Unicode 16, hexadecimal.", r"\p{L}"),
        constant("numberRanges", "Code points of general category N in Unicode 16, hexadecimal.", r"\p{N}"),
    ]
)
Path(__file__).with_name("unicode-classes.ts").write_text(text)
