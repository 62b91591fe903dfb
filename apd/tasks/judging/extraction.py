"""The answer in a reply: after ``####``, in ``boxed{…}``, as ``(A)``.

Every function returns None where there is no answer; a missing answer is never a default one.
"""

from __future__ import annotations

import re

_NUMBER = r"(?:(?<![\w.)])-)?\$?\d[\d,]*(?:\.\d+)?|(?:(?<![\w.)])-)?\$?\.\d+"
_MARKED = re.compile(rf"####\s*(-?\s*(?:{_NUMBER}))")
_ANY_NUMBER = re.compile(_NUMBER)
_CHOICE = re.compile(r"\(([A-D])\)")
_BOXED = "boxed{"


def extract_gsm_answer(text: str) -> str | None:
    """The number after the first ``####``, else the last number of the text.

    Thousands separators, dollar signs and spaces are removed: "#### $1,260" gives "1260".
    """
    marked = _MARKED.search(text)
    if marked:
        return _plain_number(marked.group(1))
    numbers = _ANY_NUMBER.findall(text)
    return _plain_number(numbers[-1]) if numbers else None


def _plain_number(number: str) -> str:
    return re.sub(r"[,$\s]", "", number)


def extract_boxed(text: str) -> str | None:
    r"""The content of the last complete ``\boxed{…}`` or ``boxed{…}``, nested braces included.

    ``\boxed{\frac{1}{2}}`` gives ``\frac{1}{2}``. A box that is never closed is no answer.
    """
    start = text.rfind(_BOXED)
    while start >= 0:
        content = _balanced(text, start + len(_BOXED))
        if content is not None:
            return content.strip()
        start = text.rfind(_BOXED, 0, start)
    return None


def _balanced(text: str, start: int) -> str | None:
    """text[start:] up to the brace that closes the one just before `start`; None if none does."""
    depth = 1
    for position in range(start, len(text)):
        escaped = position > start and text[position - 1] == "\\"
        if text[position] in "{}" and not escaped:
            depth += 1 if text[position] == "{" else -1
        if depth == 0:
            return text[start:position]
    return None


def extract_choice(text: str) -> str | None:
    """The letter of the last ``(A)`` … ``(D)`` in the text."""
    letters = _CHOICE.findall(text)
    return letters[-1] if letters else None
