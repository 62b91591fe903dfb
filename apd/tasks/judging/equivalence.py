"""When two written answers are the same answer."""

from __future__ import annotations

import re
from fractions import Fraction

_TEXT_COMMANDS = re.compile(r"\\(?:text|mathrm|mbox)\{([^{}]*)\}")
_FRACTION = re.compile(r"\\[dt]?frac\{([^{}]+)\}\{([^{}]+)\}")
_SHORT_FRACTION = re.compile(r"\\[dt]?frac(\d)(\d)")
_DROPPED = re.compile(r"\\(?:left|right|displaystyle|[!,;: ])|\\?\$|\^\{?\\circ\}?|\\?%")
_RATIO = re.compile(r"(-?)\(?(-?[\d.]+)\)?(?:/\(?(-?[\d.]+)\)?)?")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")


def same_answer(answer: str | None, reference: str) -> bool:
    """Whether an extracted answer states the reference: equal as numbers, else as written maths.

    None (nothing was extracted) is never right.
    """
    if answer is None:
        return False
    given, wanted = _canonical(answer), _canonical(reference)
    if given == wanted:
        return True
    given_value, wanted_value = _value(given), _value(wanted)
    return given_value is not None and given_value == wanted_value


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
