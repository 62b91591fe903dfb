"""The passes of finished decodes on one time axis, and the tokens that each iteration committed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from apd import plots
from apd.decoding.result import DecodeResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Field of an iteration, name in the legend, style.
ROLES = (
    ("dllm_s", "pass of the dLLM", "left_to_right"),
    ("verifier_s", "pass of an autoregressive model", "autoregressive"),
)
NUMBERED = 0.025  # of the axis: iterations as wide get their number of tokens written above


def pass_timeline(decodes: Mapping[str, DecodeResult]) -> Figure:
    """Draw each decode as a row of boxes, one an iteration and model, as long as it took.

    Above the boxes of a decode that commits several tokens at a time stands how many they were.

    Args:
        decodes: name -> result, from top to bottom.
    """
    import matplotlib.pyplot as plt
    from matplotlib.patches import Patch

    figure, ax = plt.subplots(figsize=(6.2, 0.85 * len(decodes) + 1.1))
    longest = max(result.wall_s for result in decodes.values())
    for row, result in enumerate(decodes.values()):
        _draw_decode(ax, row, result, longest)
    ax.set(xlim=(0, 1060 * longest), ylim=(len(decodes) - 0.35, -0.6), xlabel="time (ms)")
    ax.set_yticks(range(len(decodes)), list(decodes))
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)
    boxes = [Patch(color=plots.method_style(m).colour, label=name) for _, name, m in ROLES]
    figure.legend(handles=boxes, loc="outside upper right", ncols=2)
    return figure


def _draw_decode(ax: Axes, row: int, result: DecodeResult, longest: float) -> None:
    now, left = 0.0, result.generated_tokens
    for iteration in result.iterations:
        begin = now
        for field, _, method in ROLES:
            now = _draw_pass(ax, row, now, getattr(iteration, field), method)
        now += iteration.rest_s
        tokens = min(left, len(iteration.accepted))  # what stands behind the end does not count
        left -= tokens
        if tokens > 0 and now - begin > NUMBERED * longest and len(iteration.draft) > 1:
            ax.text(500 * (begin + now), row - 0.3, str(tokens), ha="center", va="bottom", size=9)
    total = f"{result.generated_tokens} tokens, {_passes(result)} passes"
    ax.text(0, row + 0.28, total, ha="left", va="top", size=9.5)


def _draw_pass(ax: Axes, row: int, begin: float, seconds: float, method: str) -> float:
    """One box; returns when it ends."""
    if seconds > 0:
        colour = plots.method_style(method).colour
        box: dict[str, Any] = {"facecolor": colour, "edgecolor": "white", "linewidth": 0.2}
        ax.barh(row, 1000 * seconds, left=1000 * begin, height=0.5, **box)
    return begin + seconds


def _passes(result: DecodeResult) -> int:
    return result.dllm_forwards + result.verifier_forwards
