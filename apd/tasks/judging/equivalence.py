r"""When two written answers are the same answer.

They are if they are equal as numbers, or written alike once the notation is made uniform: by the
rules here, or by those of :mod:`~apd.tasks.judging.customary_spelling`.
"""

from __future__ import annotations

import re
from fractions import Fraction

from apd.tasks.judging.customary_spelling import in_customary_spelling

_TEXT_COMMANDS = re.compile(r"\\(?:text|mathrm|mbox)\{([^{}]*)\}")
_FRACTION = re.compile(r"\\[dt]?frac\{([^{}]+)\}\{([^{}]+)\}")
_SHORT_FRACTION = re.compile(r"\\[dt]?frac(\d)(\d)")
_DROPPED = re.compile(r"\\(?:left|right|displaystyle|[!,;: ])|\\?\$|\^\{?\\circ\}?|\\?%")
_RATIO = re.compile(r"(-?)\(?(-?[\d.]+)\)?(?:/\(?(-?[\d.]+)\)?)?")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")


def same_answer(answer: str | None, reference: str) -> bool:
    """Whether an extracted answer states the reference; None (no answer) is never right."""
    if answer is None:
        return False
    given, wanted = _canonical(answer), _canonical(reference)
    if given == wanted or in_customary_spelling(answer) == in_customary_spelling(reference):
        return True
    value = _value(given)
    return value is not None and value == _value(wanted)


def _canonical(answer: str) -> str:
    r"""One spelling for the many: ``\dfrac{1}{2}`` → ``(1)/(2)``, ``x = 5`` → ``5``, no spaces."""
    text = _TEXT_COMMANDS.sub(r"\1", answer.strip().rstrip("."))
    text = _SHORT_FRACTION.sub(r"\\frac{\1}{\2}", _DROPPED.sub("", text))
    for _ in range(4):  # nested fractions, innermost first
        text = _FRACTION.sub(r"(\1)/(\2)", text)
    text = _THOUSANDS.sub("", re.sub(r"\s+", "", text))
    return re.sub(r"^[A-Za-z]=", "", text)


def _value(text: str) -> Fraction | None:
    """The number a canonical answer writes ("12", "-0.5", "3/4", "-(3)/(4)"), or None."""
    ratio = _RATIO.fullmatch(text)
    if ratio is None:
        return None
    sign, numerator, denominator = ratio.groups()
    try:
        value = Fraction(numerator) / Fraction(denominator or 1)
    except (ValueError, ZeroDivisionError):
        return None
    return -value if sign else value
