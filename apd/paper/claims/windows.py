"""Claims of Figures 4 and 6: the maximum lookahead M and the recompute window W, at K = 1."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from apd.paper import settings
from apd.paper.claims.claim import Claim, Finding
from apd.paper.claims.evidence import Evidence
from apd.paper.claims.numbers import (
    ACCURACY,
    LENGTH,
    SPEED,
    WORDS,
    one_token,
    paper_curve,
    paper_loss,
    trend,
)
from apd.paper.grids import LOOKAHEADS, WINDOWS
from apd.paper.scale import GSM
from apd.statistics.estimates import difference, ratio

SMALLEST_M, HALF_M = 4, 128
USUAL_W, SMALLEST_W = 16, 1


def _lookahead(e: Evidence, m: int | None, metric: str) -> pd.Series:
    configuration = settings.left_to_right(e.dream, GSM, max_lookahead=e.dream.length(m))
    return e.values("fig4", GSM, configuration, metric)


def _window(e: Evidence, w: int | None, metric: str) -> pd.Series:
    configuration = settings.left_to_right(e.dream, GSM, kv_window=e.dream.length(w))
    return e.values("fig6", GSM, configuration, metric)


def _by_steps(
    e: Evidence,
    values: tuple[int | None, ...],
    at: Callable[[Evidence, int | None, str], pd.Series],
    metric: str,
) -> dict[float, pd.Series]:
    """The curve over its places on the figure's axis, from left (no limit) to right."""
    return {float(place): at(e, value, metric) for place, value in enumerate(values)}


def _m_slope(e: Evidence, metric: str) -> Finding:
    label = f"{WORDS[metric]}, slope over the steps from no limit to the smallest M"
    columns = _by_steps(e, LOOKAHEADS, _lookahead, metric)
    return trend(label, columns, paper_curve("fig4", metric, "M"), rises=metric == SPEED)


def _half_is_free(e: Evidence) -> list[Finding]:
    lost = difference(one_token(e, "fig4", ACCURACY), _lookahead(e, HALF_M, ACCURACY))
    gained = ratio(_lookahead(e, HALF_M, SPEED), one_token(e, "fig4", SPEED))
    margin = paper_loss(paper_curve("fig4", ACCURACY, "M", ("None", str(HALF_M))))
    return [
        Finding(f"accuracy, no limit minus M = {e.dream.length(HALF_M)}", lost, below=margin),
        Finding(f"speed, M = {e.dream.length(HALF_M)} over no limit", gained, above=1),
    ]


def _w_is_nearly_free(w: int, e: Evidence) -> list[Finding]:
    lost = difference(one_token(e, "fig6", ACCURACY), _window(e, w, ACCURACY))
    label = f"accuracy, W = none minus W = {e.dream.length(w)}"
    margin = paper_loss(paper_curve("fig6", ACCURACY, "W", ("None", str(w))))
    return [Finding(label, lost, below=margin)]


def _w_speeds_up(e: Evidence) -> list[Finding]:
    gained = ratio(_window(e, USUAL_W, SPEED), one_token(e, "fig6", SPEED))
    columns = _by_steps(e, WINDOWS[1:], _window, SPEED)
    curve = paper_curve("fig6", SPEED, "W")[1:]
    return [
        Finding(f"speed, W = {e.dream.length(USUAL_W)} over none", gained, above=1),
        trend("tokens/s, slope over the steps to smaller W", columns, curve, rises=True),
    ]


def _why_m_is_harmless(e: Evidence) -> str:
    shortest = _lookahead(e, SMALLEST_M, LENGTH).mean()
    longest = one_token(e, "fig4", LENGTH).mean()
    return (
        f"Answers have {longest:.1f} tokens without a limit and {shortest:.1f} at the smallest M. "
        "Whether masks that run out make a model end its answer depends on how answers were padded "
        "in its training; Dream takes them for the room that is left, on these problems this model "
        "does not."
    )


def _why_not_faster(e: Evidence) -> str:
    pass_ms = 1000 * (one_token(e, "fig6", "latency_s") / one_token(e, "fig6", "iterations")).mean()
    return (
        f"A pass takes {pass_ms:.1f} ms here, much of it the same for few positions as for many, "
        "so computing fewer of them saves little."
    )


CLAIMS = [
    Claim(
        id="smaller-m-shortens",
        short="smaller M shortens answers",
        statement="A smaller M shortens the answers",
        where="Section 5, Figure 4 (b)",
        published=lambda: paper_curve("fig4", LENGTH, "M"),
        findings=lambda e: [_m_slope(e, LENGTH)],
        explain=_why_m_is_harmless,
    ),
    Claim(
        id="smaller-m-costs-accuracy",
        short="smaller M costs accuracy",
        statement="A smaller M costs accuracy",
        where="Section 5, Figure 4 (a)",
        published=lambda: paper_curve("fig4", ACCURACY, "M"),
        findings=lambda e: [_m_slope(e, ACCURACY)],
        explain=_why_m_is_harmless,
    ),
    Claim(
        id="smaller-m-faster",
        short="smaller M is faster",
        statement="A smaller M gives more tokens per second",
        where="Section 5, Figure 4 (a)",
        published=lambda: paper_curve("fig4", SPEED, "M"),
        findings=lambda e: [_m_slope(e, SPEED)],
        explain=_why_not_faster,
    ),
    Claim(
        id="half-the-canvas-is-free",
        short="half the canvas is free",
        statement="Showing the dLLM half of the canvas (M = 128 of 256) speeds it up at no cost in "
        "accuracy",
        where="Section 5, Figure 4 (a)",
        published=lambda: [
            *paper_curve("fig4", ACCURACY, "accuracy, M", ("None", "128")),
            *paper_curve("fig4", SPEED, "tokens/s, M", ("None", "128")),
        ],
        findings=_half_is_free,
        explain=_why_not_faster,
    ),
    Claim(
        id="w-costs-almost-nothing",
        short="W = 16 costs almost nothing",
        statement="A recompute window of 16 tokens costs almost no accuracy",
        where="Section 5, Figure 6",
        published=lambda: paper_curve("fig6", ACCURACY, "W", ("None", "16")),
        findings=lambda e: _w_is_nearly_free(USUAL_W, e),
        explain=lambda e: (
            "Keys and values of old tokens change more with what follows in this small model than "
            "in Dream, so keeping old ones matters more."
        ),
    ),
    Claim(
        id="smallest-w-keeps-most",
        short="W = 1 keeps most of the accuracy",
        statement="Even a window of 1 loses only a few points of accuracy",
        where="Figure 6",
        published=lambda: paper_curve("fig6", ACCURACY, "W", ("None", "1")),
        findings=lambda e: _w_is_nearly_free(SMALLEST_W, e),
        explain=lambda e: (
            "With the smallest window a token's keys are frozen while everything after it is "
            "still masked, and this small model relies on them."
        ),
    ),
    Claim(
        id="smaller-w-faster",
        short="smaller W is faster",
        statement="A smaller W gives more tokens per second",
        where="Section 5, Figure 6",
        published=lambda: paper_curve("fig6", SPEED, "W"),
        findings=_w_speeds_up,
        explain=_why_not_faster,
    ),
]
