"""A canvas as a row of cells: what is decoded, what a window W computes again, what M shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apd import plots
from apd.models.kv_window import first_recomputed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

KEPT, COMPUTED, SHOWN = "#9AA3AE", "#2A78C0", "#C07A1E"


def canvas_picture(
    prompt: int, decoded: int, room: int, *, kv_window: int, accepted: int, max_lookahead: int
) -> Figure:
    """Draw the positions of a canvas before an iteration.

    Args:
        prompt, decoded: tokens of the prompt, and of the answer so far.
        room: masked positions left, at least 1.
        kv_window, max_lookahead: W and M.
        accepted: a, tokens that the iteration before has accepted.
    """
    import matplotlib.pyplot as plt

    t, end = prompt + decoded, prompt + decoded + room
    shown_end = min(t + max_lookahead, end)
    first = first_recomputed(t, accepted, kv_window)
    figure, ax = plt.subplots(figsize=(7.6, 2.3))
    for position in range(end):
        _draw_cell(ax, position, first, t, shown_end)
    ax.axvline(t, ymin=0.34, ymax=0.83, color=plots.INK, linewidth=2)
    ax.annotate("frontier t", (t, 1.75), ha="center", va="bottom")
    spans = [
        (0, prompt, "prompt", 1.15),
        (prompt, t, "decoded", 1.15),
        (t, end, "masked", 1.15),
    ]
    for start, stop, label, height in spans:
        _mark(ax, start, stop, label, height, above=True)
    below = [  # every other one lower, so that neighbours do not run together
        (0, first, "keys and values kept", -0.15),
        (first, t, f"computed again:\nW + a − 1 = {t - first}", -0.5),
        (t, shown_end, f"shown:\nM = {shown_end - t}", -0.15),
        (shown_end, end, "not shown", -0.5),
    ]
    for start, stop, label, height in below:
        _mark(ax, start, stop, label, height, above=False)
    ax.set(xlim=(-0.5, end + 0.5), ylim=(-1.4, 2.1))
    ax.axis("off")
    return figure


def _draw_cell(ax: Axes, position: int, first: int, t: int, shown_end: int) -> None:
    from matplotlib.patches import Rectangle

    look: dict[str, Any]
    if position < first:
        look = {"facecolor": f"{KEPT}88", "edgecolor": plots.INK}
    elif position < t:
        # opaque: in SVG a hatch is as transparent as the face that it is on
        look = {"facecolor": "#C9DDF0", "edgecolor": COMPUTED, "hatch": "////"}
    elif position < shown_end:
        look = {"facecolor": f"{SHOWN}44", "edgecolor": SHOWN}
    else:
        look = {"facecolor": "none", "edgecolor": plots.INK, "linestyle": ":"}
    ax.add_patch(Rectangle((position + 0.06, 0), 0.88, 1, linewidth=0.9, **look))
    if t <= position < shown_end:
        ax.text(position + 0.5, 0.46, "?", ha="center", va="center", fontsize=9)


def _mark(ax: Axes, start: int, stop: int, label: str, height: float, *, above: bool) -> None:
    """A bracket over or under the cells from start to stop, with its label."""
    if start == stop:
        return
    towards = -0.12 if above else 0.12
    left, right = start + 0.1, stop - 0.1
    across, up = [left, left, right, right], [height + towards, height, height, height + towards]
    ax.plot(across, up, color=plots.INK, linewidth=1)
    place = height + (0.08 if above else -0.1)
    vertical = "bottom" if above else "top"
    ax.text((start + stop) / 2, place, label, ha="center", va=vertical, fontsize=10)
