"""Multiple choice, read and compared as lm-eval does for GPQA. Rows have `choices` and `answer`."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Sequence

from apd.tasks.judging.judge import Judge, Row

_LETTER = re.compile(r"\([A-Z]\)")
_LETTER_AFTER_COLON = re.compile(r":\s*([A-D])")
_WITHOUT_PUNCTUATION = str.maketrans("", "", string.punctuation)


def chosen_letter(reply: str, choices: Sequence[str]) -> str | None:
    """The last ``(X)``; else the last choice that is quoted; else the last letter after a colon."""
    if letters := _LETTER.findall(reply):
        return str(letters[-1])
    letter_of = {_bare(text): f"({letter})" for letter, text in zip("ABCD", choices, strict=True)}
    longest_first = sorted(letter_of, key=len, reverse=True)
    quoted = re.findall("|".join(re.escape(text) for text in longest_first), _bare(reply))
    if quoted and quoted[-1]:
        return letter_of.get(quoted[-1].strip(), quoted[-1].strip())
    after_colon = _LETTER_AFTER_COLON.findall(reply)
    return f"({after_colon[-1]})" if after_colon else None


def _bare(text: str) -> str:
    """Lower case, trimmed, without punctuation of any script."""
    return "".join(c for c in text.strip().lower() if not unicodedata.category(c).startswith("P"))


def _accept(row: Row, answer: str | None) -> bool:
    if answer is None:
        return False
    given, wanted = (
        text.lower().translate(_WITHOUT_PUNCTUATION) for text in (answer, row["answer"])
    )
    return given == wanted


CHOICE = Judge(lambda row, reply: chosen_letter(reply, row["choices"]), _accept)
