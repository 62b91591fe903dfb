"""What the tokens of a worked solution are: chosen, calculated, or words around it.

What a step calculates (operands and operator) is its plan: to know it one has to have understood
the question. What comes out is local: it follows from the characters just before it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

Kind = Literal["plan", "result", "words"]
EQUATION = re.compile(r"(?P<plan>\d+ [-+*/] \d+) = (?P<result>\d+)")


def kinds_of_tokens(text: str, spans: Sequence[tuple[int, int]]) -> list[Kind]:
    """The kind of each token of a solution that writes its steps as ``12 + 3 = 15``.

    Args:
        spans: (start, stop) characters of each token, as a fast tokenizer's offset mapping.

    Returns:
        One kind a token: "plan" where it holds a character of an equation's left side other than
        blanks, "result" where it holds one of its right side, "words" everywhere else.
    """
    of_character: list[Kind] = ["words"] * len(text)
    for equation in EQUATION.finditer(text):
        for kind in ("plan", "result"):
            for i in range(*equation.span(kind)):
                if not text[i].isspace():
                    of_character[i] = kind
    ranked: tuple[Kind, ...] = ("result", "plan", "words")
    return [next(k for k in ranked if k in (*of_character[a:b], "words")) for a, b in spans]
