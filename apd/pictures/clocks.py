"""The Gumbel-max trick as a race: one clock a token, which each law lets run at its own rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from apd import plots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LATEST = 3.0  # arrivals drawn, in units of the later winner's; what comes after leaves the picture
# Name, style, and place in a lane.
LAWS = (("draft's law", "left_to_right", 0.16), ("target's law", "adaptive", -0.16))
FACE = 0.9  # of a lane's height, the clock


def race_of_clocks(
    tokens: Sequence[str],
    draft_law: Sequence[float],
    target_law: Sequence[float],
    noises: Sequence[Sequence[float]],
) -> Figure:
    """Draw races of a draft and a target that share their clocks, one panel a race.

    A clock face shows the exponential time E = exp(-g) of a token; under a law that gives the token
    probability p it arrives at E / p. The first to arrive is that law's token.

    Args:
        tokens: (V,) texts.
        draft_law, target_law: (V,) positive probabilities.
        noises: (races, V) standard Gumbel noise.
    """
    figure, axes = plots.panels(len(noises))
    panels = [axes] if len(noises) == 1 else list(axes)
    for ax, noise in zip(panels, noises, strict=True):
        times = [math.exp(-g) for g in noise]
        laws = (draft_law, target_law)
        arrivals = [[e / p for e, p in zip(times, law, strict=True)] for law in laws]
        _draw_race(ax, tokens, times, arrivals)
    plots.legend_above(figure, panels[0])
    return figure


def _draw_race(
    ax: Axes, tokens: Sequence[str], times: Sequence[float], arrivals: Sequence[Sequence[float]]
) -> None:
    end = LATEST * max(map(min, arrivals))
    lanes = range(len(tokens))
    winners = [min(lanes, key=law.__getitem__) for law in arrivals]
    for (name, method, offset), law, winner in zip(LAWS, arrivals, winners, strict=True):
        look = plots.method_style(method)
        for lane in lanes:
            height, late = -lane + offset, law[lane] > end
            ax.plot([0, min(law[lane], end)], [height] * 2, color=look.colour, linewidth=1.2)
            filled = look.colour if lane == winner else "none"
            shown: dict[str, Any] = {"marker": ">" if late else look.marker, "markersize": 7}
            label = name if lane == winner else None
            ends = min(law[lane], end), height
            ax.plot(*ends, color=look.colour, mfc=filled, ls="none", label=label, **shown)
        ax.axvline(law[winner], color=look.colour, linewidth=0.8, linestyle=":")
    ax.set(xlim=(0, 1.06 * end), ylim=(0.6 - len(tokens), 0.6), xlabel="time of arrival")
    for lane, time in zip(lanes, times, strict=True):
        _draw_face(ax, -lane, time / max(times))
    ax.set_yticks([-lane for lane in lanes], [text.replace("$", r"\$") for text in tokens])
    ax.tick_params(axis="y", length=0, pad=24)
    ax.grid(axis="y", visible=False)
    draft, target = (tokens[winner].strip().replace("$", r"\$") for winner in winners)
    ax.set_title(f"both: {draft}" if draft == target else f"draft: {draft}, target: {target}")


def _draw_face(ax: Axes, height: float, share: float) -> None:
    """A clock left of the axis, whose hand has gone that share of the way round."""
    face = ax.inset_axes((-14, height - FACE / 4, 14, FACE / 2), transform=_beside(ax), zorder=5)
    face.set(xlim=(-1.15, 1.15), ylim=(-1.15, 1.15), aspect="equal")
    face.axis("off")
    angles = [2 * math.pi * step / 48 for step in range(49)]
    face.plot([math.sin(a) for a in angles], [math.cos(a) for a in angles], color=plots.INK, lw=1)
    angle = 2 * math.pi * 0.96 * share
    face.plot([0, 0.9 * math.sin(angle)], [0, 0.9 * math.cos(angle)], color=plots.INK, lw=1.4)


def _beside(ax: Axes) -> Any:
    """Across in points from the axis on the left, up in data."""
    from matplotlib.transforms import Affine2D, ScaledTranslation, blended_transform_factory

    assert ax.figure is not None
    scale: Any = ax.figure.dpi_scale_trans
    origin: Any = ax.transAxes
    across = Affine2D().scale(1 / 72) + scale + ScaledTranslation(0, 0, origin)
    return blended_transform_factory(across, ax.transData)
