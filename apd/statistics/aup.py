"""Accuracy under parallelism (AUP): one number for a curve of accuracy against parallelism.

The measure of the d3LLM leaderboard. A method has points (ρ_i, y_i), ordered by ρ: tokens per
forward pass, and accuracy in percent. Points that lose more than `TOLERANCE` percent against the
first are dropped, and

    AUP = ρ_1 y_1 + ½ Σ_{i ≥ 2} (ρ_i − ρ_{i−1}) (y_i W(y_i) + y_{i−1} W(y_{i−1})),
    W(y) = min(exp(−α (1 − y / y_max)), 1),    α = `DECAY`.

The first term is what a method has before it decodes anything in parallel. The sum is the area
below the curve from there on, where accuracy counts for less the further it lies below the best
accuracy known on the task, y_max. A method that gains nothing from parallelism scores its accuracy;
one that keeps the best accuracy at ρ tokens a pass scores ρ times it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

DECAY = 3.0  # α
TOLERANCE = 5.0  # accuracy a point may lose against the first one, percentage points


class Point(NamedTuple):
    """One setting of a method: ρ > 0, tokens per forward pass, and y in [0, 100], percent."""

    parallelism: float
    accuracy: float


def accuracy_weight(accuracy: float, best_accuracy: float, decay: float = DECAY) -> float:
    """W(y) = min(exp(−α (1 − y / y_max)), 1): what accuracy counts for, in (0, 1]."""
    return min(math.exp(-decay * (1 - accuracy / best_accuracy)), 1.0)


def kept_points(points: Iterable[Point], tolerance: float = TOLERANCE) -> list[Point]:
    """The points that count, by parallelism: the first, and those with y ≥ y_1 − `tolerance`.

    Raises:
        ValueError: there is no point, two have the same parallelism, or one is out of range.
    """
    ordered = sorted(Point(*point) for point in points)
    if not ordered:
        raise ValueError("AUP needs at least one point (tokens per forward, accuracy)")
    for point in ordered:
        if not (0 < point.parallelism < math.inf and 0 <= point.accuracy <= 100):
            raise ValueError(
                f"point {tuple(point)} is not allowed: use tokens per forward > 0 and an accuracy "
                "in percent, 0 to 100"
            )
    for before, after in pairwise(ordered):
        if before.parallelism == after.parallelism:
            raise ValueError(
                f"two points at {after.parallelism} tokens per forward: keep the more accurate one"
            )
    floor = ordered[0].accuracy - tolerance
    return [point for point in ordered if point.accuracy >= floor]


def accuracy_under_parallelism(
    points: Iterable[Point],
    best_accuracy: float | None = None,
    *,
    decay: float = DECAY,
    tolerance: float = TOLERANCE,
) -> float:
    """AUP of a method's points, in percent times tokens per forward.

    Args:
        points: (ρ, y) in any order.
        best_accuracy: y_max > 0, percent, the best accuracy of any method on this task; None for
            the best of these points.
        decay: α >= 0.
        tolerance: accuracy that a point may lose against the first, percentage points.

    Raises:
        ValueError: there is no point, two have the same parallelism, or a value is out of range.
    """
    kept = kept_points(points, tolerance)
    best = max(point.accuracy for point in kept) if best_accuracy is None else best_accuracy
    first = kept[0].parallelism * kept[0].accuracy
    if best_accuracy is None and best == 0:
        return 0.0  # nothing is right anywhere
    if not 0 < best <= 100:
        raise ValueError(f"best_accuracy={best} is not allowed: use percent, above 0, at most 100")
    height = [point.accuracy * accuracy_weight(point.accuracy, best, decay) for point in kept]
    area = sum(
        0.5 * (after.parallelism - before.parallelism) * (height[i] + height[i + 1])
        for i, (before, after) in enumerate(pairwise(kept))
    )
    return first + area
