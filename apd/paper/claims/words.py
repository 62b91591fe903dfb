"""Parts of the ledger in words: numbers, tests, links, as HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from apd.paper.claims.claim import FAILS, HOLDS, NO_EFFECT, UNTESTABLE, lies_near

# A verdict is never told by colour alone.
SIGNS = {HOLDS: "✓", FAILS: "✗", NO_EFFECT: "≈", UNTESTABLE: "○"}
SMALLEST_P = 0.001  # below it, a normal approximation says no more than that it is below

Entry = Mapping[str, Any]  # of the ledger


def tested(finding: Mapping[str, Any]) -> str:
    """A finding with its test and what it was tested against."""
    p = finding["p_value"]
    said = "" if p is None else f", p {_p(p)}"
    smallest = finding["smallest"]
    interest = "" if smallest is None else f"; smallest effect of interest {smallest:.2g}"
    return (
        f"{estimated(finding)}; claimed {finding['claimed']}{interest} "
        f"({escape(finding['test'])}{said}, {finding['problems']} problems)"
    )


def size_of_effect(entry: Entry) -> str:
    """ ", effect smaller than of interest" of a claim that holds so; else nothing."""
    effects = [f for f in entry["findings"] if f["smallest"] is not None]
    small = entry["verdict"] == HOLDS and effects and all(map(_is_small, effects))
    return ", effect smaller than of interest" if small else ""


def _is_small(finding: Mapping[str, Any]) -> bool:
    end = finding["below"] if finding["above"] is None else finding["above"]
    return lies_near(end, finding["low"], finding["high"], finding["smallest"])


def _p(value: float) -> str:
    return f"&lt; {SMALLEST_P:g}" if value < SMALLEST_P else f"= {value:.2g}"


def estimated(finding: Mapping[str, Any]) -> str:
    """A finding's label and numbers."""
    return f"{escape(finding['what'])}: {numbers(finding)}"


def numbers(finding: Mapping[str, Any]) -> str:
    """ "0.13 [0.1, 0.17]": an estimate and its interval."""
    if finding["estimate"] is None:
        return "unknown"
    if finding["low"] is None:
        return f"{finding['estimate']:.3g}"
    return f"{finding['estimate']:.3g} [{finding['low']:.3g}, {finding['high']:.3g}]"


def named(number: Mapping[str, Any]) -> str:
    """A published number with its label and error."""
    error = "" if number["stderr"] is None else f" ± {number['stderr']:.2g}"
    return f"{escape(number['what'])}: {number['mean']:.4g}{error}"


def code(text: str) -> str:
    """Plain text, with commands in backticks, as HTML."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def link(entry: Entry, text: str) -> str:
    """A link to the claim's fold on the same page."""
    return f'<a href="#claim-{entry["id"]}">{escape(text)}</a>'
