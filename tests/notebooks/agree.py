"""When two printed texts count as the same, and how they differ where they do not.

From one machine to the next a result may move in its last printed digit. Nothing else may.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from difflib import SequenceMatcher

# Digits inside a name (x0, L-BFGS2) or a version (1.17.0) are text; so are nan and inf.
NUMBER = re.compile(r"(?<![\w.])[+\-−]?+(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)(?:[eE][+-]?[0-9]{1,3}+)?+(?!\.?[0-9])")
INTEGER = re.compile(r"[+\-−]?[0-9]+\.?")  # NumPy prints the float 1 as "1."


def agree(expected: str, got: str) -> bool:
    """Equal words, and numbers within one unit of the last printed digit of the coarser of the two."""
    words = [[" ".join(part.split()) for part in NUMBER.split(text)] for text in (expected, got)]
    return words[0] == words[1] and all(map(_close, NUMBER.findall(expected), NUMBER.findall(got)))


def _close(*tokens: str) -> bool:
    x, y = (Decimal(token.replace("−", "-")) for token in tokens)
    whole = [INTEGER.fullmatch(token) is not None for token in tokens]
    if all(whole):
        return x == y
    units = [Decimal((0, (1,), z.as_tuple().exponent)) for z in (x, y)]  # of an integer: 1
    # "%g" prints 0.99999 as 0.99999, but 1.0 as 1: such an integer is as exact as the number beside it.
    return abs(x - y) <= (min(units) if any(whole) else max(units))


def difference(expected: list[str], got: list[str]) -> Iterator[str]:
    """The lines that differ, expected after "-" and got after "+"; those that agree are left out."""
    shapes = [[NUMBER.sub("0", " ".join(line.split())) for line in lines] for lines in (expected, got)]
    for tag, i, i_end, j, j_end in SequenceMatcher(None, *shapes, autojunk=False).get_opcodes():
        blocks = [(expected[i:i_end], got[j:j_end])]
        if tag == "equal":  # but for the numbers
            blocks = [([a], [b]) for a, b in zip(*blocks[0], strict=True) if not agree(a, b)]
        for old, new in blocks:
            yield from (f"- {line}" for line in old)
            yield from (f"+ {line}" for line in new)
