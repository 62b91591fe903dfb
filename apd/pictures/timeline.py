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
EDGED = 0.006  # of the axis: boxes as wide are set apart by white edges, which would hide others
COUNTED = 12  # iterations whose tokens are written down, at most


def pass_timeline(decodes: Mapping[str, DecodeResult]) -> Figure:
    """Draw each decode as a row of boxes, one an iteration and model, as long as it took.

    Below the boxes stand tokens and passes, and what the first iterations of a decode that commits
    several tokens at a time add to the tokens.

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
    now = 0.0
    for iteration in result.iterations:
        for field, _, method in ROLES:
            seconds = getattr(iteration, field)
            box: dict[str, Any] = {"facecolor": plots.method_style(method).colour, "height": 0.5}
            if seconds > EDGED * longest:
                box |= {"edgecolor": "white", "linewidth": 0.4}
            if seconds > 0:
                ax.barh(row, 1000 * seconds, left=1000 * now, **box)
            now += seconds
        now += iteration.rest_s
    total = f"{result.generated_tokens} tokens, {_passes(result)} passes{_sum(result)}"
    ax.text(0, row + 0.32, total, ha="left", va="top", size=9.5)


def _sum(result: DecodeResult) -> str:
    """The tokens as a sum over iterations; nothing if these draft one at a time."""
    if all(len(iteration.draft) < 2 for iteration in result.iterations):
        return ""
    kept, left = [], result.generated_tokens
    for iteration in result.iterations:
        kept.append(min(left, len(iteration.accepted)))  # what is behind the end does not count
        left -= kept[-1]
    shown = [*map(str, kept[:COUNTED]), *(["…"] if len(kept) > COUNTED else [])]
    return ": " + " + ".join(shown)


def _passes(result: DecodeResult) -> int:
    return result.dllm_forwards + result.verifier_forwards
