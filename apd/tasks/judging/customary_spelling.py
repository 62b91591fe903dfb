r"""One spelling for answers to competition mathematics.

The rules are those that the MATH data set's own evaluation made customary: no spacing commands, one
kind of fraction, no units, ``1/2`` for ``\frac{1}{2}``.
"""

from __future__ import annotations

import re

_DROPPED = ("\n", "\\!", "\\left", "\\right", "^{\\circ}", "^\\circ", "\\$", "\\%", "%")
_UNIT = re.compile(r"\\text\{ .*", re.S)
_NAMED = re.compile(r"[^=]{0,2}=([^=]*)")
_BARE_ROOT = re.compile(r"\\sqrt([^{])")
_SHORT_FRACTION = re.compile(r"\\frac([^{])(?:([^{])|(?=\{))")
_RATIO = re.compile(r"(-?\d+)/(-?\d+)")


def in_customary_spelling(answer: str) -> str:
    r"""One spelling: ``\dfrac12`` → ``\frac{1}{2}``, ``x = 5\text{ cm}`` → ``5``."""
    text = answer.replace("\\\\", "\\").replace("tfrac", "frac").replace("dfrac", "frac")
    for dropped in _DROPPED:
        text = text.replace(dropped, "")
    text = _UNIT.sub("", text)
    text = text.replace(" .", " 0.").replace("{.", "{0.")
    text = f"0{text}" if text.startswith(".") else text
    named = _NAMED.fullmatch(text)
    text = named[1] if named else text
    text = _BARE_ROOT.sub(r"\\sqrt{\1}", text).replace(" ", "")
    text = _SHORT_FRACTION.sub(_braced, text)
    text = "\\frac{1}{2}" if text == "0.5" else text
    ratio = _RATIO.fullmatch(text)
    return f"\\frac{{{ratio[1]}}}{{{ratio[2]}}}" if ratio else text


def _braced(found: re.Match[str]) -> str:
    r"""``\frac12`` → ``\frac{1}{2}``; ``\frac1{72}`` → ``\frac{1}{72}``."""
    numerator, denominator = found.groups()
    return f"\\frac{{{numerator}}}" + (f"{{{denominator}}}" if denominator else "")
