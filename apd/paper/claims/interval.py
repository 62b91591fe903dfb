"""An interval beside the range that a claim puts it in: as a picture of one line, as a number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

WIDTH, HEIGHT = 110, 14
MARGIN = 0.15  # of the picture, on either side


def bar(finding: Mapping[str, Any]) -> str:
    """The claimed range shaded, the 95 % interval as a line, the estimate as a dot.

    Args:
        finding: as in the ledger.

    Returns:
        An inline SVG for the eye alone: the numbers stand beside it.
    """
    if finding["low"] is None:
        return ""
    ends = [finding[name] for name in ("above", "below") if finding[name] is not None]
    places = [finding["low"], finding["high"], *ends]
    low, high = min(places), max(places)
    scale = (1 - 2 * MARGIN) * WIDTH / ((high - low) or 1)

    def x(value: float | None, otherwise: float) -> float:
        return otherwise if value is None else MARGIN * WIDTH + (value - low) * scale

    left, right = x(finding["above"], 0), x(finding["below"], WIDTH)
    start, stop, dot = (x(finding[name], 0) for name in ("low", "high", "estimate"))
    middle = HEIGHT / 2
    return (
        f'<svg class="apd-bar" width="{WIDTH}" height="{HEIGHT}" aria-hidden="true">'
        f'<rect x="{left:.1f}" width="{right - left:.1f}" height="{HEIGHT}"/>'
        f'<line x1="{start:.1f}" x2="{stop:.1f}" y1="{middle}" y2="{middle}"/>'
        f'<circle cx="{dot:.1f}" cy="{middle}" r="3"/></svg>'
    )


def half_widths(finding: Mapping[str, Any]) -> float:
    """How far the estimate lies inside the claimed range, in half-widths of its interval.

    Above 1 the finding agrees, below -1 it contradicts. Ratios are compared by their logarithms.
    """
    scale = math.log if "ratio" in finding["test"] else float
    low, high, value = (scale(finding[name]) for name in ("low", "high", "estimate"))
    half = (high - low) / 2
    inside = []
    if finding["above"] is not None:
        inside.append(value - scale(finding["above"]))
    if finding["below"] is not None:
        inside.append(scale(finding["below"]) - value)
    return math.copysign(math.inf, min(inside)) if half == 0 else min(inside) / half
