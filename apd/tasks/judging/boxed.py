r"""Answers in ``\boxed{…}``: found in a reply or a worked solution, compared as mathematics."""

from __future__ import annotations

import re

from apd.errors import ApdError
from apd.tasks.judging.equivalence import same_answer
from apd.tasks.judging.judge import Judge

_BOXED = "boxed{"
_BOX_WITHOUT_BRACES = re.compile(r"\\boxed ([^$]*)")
_FRAMED = re.compile(r"\\fbox\{([^{}]*)\}")


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


def reference_answer(solution: str) -> str:
    r"""The boxed answer of a worked solution: ``\boxed{…}``, ``\boxed …`` or ``\fbox{…}``.

    Raises:
        ApdError: there is none, so nobody could solve the row.
    """
    boxed = extract_boxed(solution)
    if boxed is not None:
        return boxed
    loose = _BOX_WITHOUT_BRACES.findall(solution) or _FRAMED.findall(solution)
    if not loose:
        raise ApdError(f"a solution has no boxed answer, its data set is damaged: {solution!r}")
    return str(loose[-1]).strip()


BOXED = Judge(
    lambda row, reply: extract_boxed(reply),
    lambda row, answer: same_answer(answer, reference_answer(row["solution"])),
)
