"""Accuracy under parallelism: published values, limits, and what is refused."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apd.statistics.aup import Point, accuracy_under_parallelism, accuracy_weight, kept_points

BEST = 83.94


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(1, 83.68), (1.44, 79.0)], 116.5),
        ([(1, 82.82), (2.21, 81.48)], 176.1),
        ([(1, 83.8), (3.02, 82.12)], 245.7),
        ([(1, 76.57), (5.12, 76.57)], 319.0),
    ],
)
def test_published_values(points: list[tuple[float, float]], expected: float) -> None:
    measured = accuracy_under_parallelism([Point(*point) for point in points], BEST)
    assert measured == pytest.approx(expected, abs=0.05)


def test_one_point_scores_its_accuracy_times_its_parallelism() -> None:
    assert accuracy_under_parallelism([Point(1, 70)]) == 70
    assert accuracy_under_parallelism([Point(2.5, 70)], 80) == 175


def test_constant_best_accuracy_scores_it_once_per_token_of_parallelism() -> None:
    points = [Point(rho, 80) for rho in (1, 1.5, 4, 6)]
    assert accuracy_under_parallelism(points, 80) == pytest.approx(6 * 80)


def test_points_that_lose_more_than_the_tolerance_are_dropped() -> None:
    points = [Point(1, 80), Point(2, 75), Point(3, 74.9), Point(4, 78)]
    assert kept_points(points) == [points[0], points[1], points[3]]
    assert accuracy_under_parallelism(points, 80) == accuracy_under_parallelism(
        [points[0], points[1], points[3]], 80
    )
    assert kept_points(points, tolerance=1) == points[:1]


def test_the_weight_is_one_at_the_best_and_above_and_decays_below() -> None:
    assert accuracy_weight(80, 80) == accuracy_weight(90, 80) == 1
    assert accuracy_weight(40, 80) == pytest.approx(math.exp(-1.5))


POINTS = st.tuples(st.floats(0.5, 20), st.floats(1, 100))
CURVES = st.lists(POINTS, min_size=1, max_size=6, unique_by=lambda point: point[0])


@given(CURVES, st.randoms())
def test_the_order_of_the_points_does_not_matter(curve, rng) -> None:
    shuffled = curve[:]
    rng.shuffle(shuffled)
    points, again = ([Point(*p) for p in c] for c in (curve, shuffled))
    assert accuracy_under_parallelism(points) == accuracy_under_parallelism(again)


@given(CURVES, st.floats(1, 100))
def test_it_lies_between_the_first_rectangle_and_the_whole_one(curve, best) -> None:
    points = kept_points(Point(*p) for p in curve)
    value = accuracy_under_parallelism(points, best)
    assert value >= points[0].parallelism * points[0].accuracy - 1e-9
    highest = max(point.accuracy for point in points)
    assert value <= points[-1].parallelism * highest * (1 + 1e-12)


@pytest.mark.parametrize(
    ("points", "best", "message"),
    [
        ([], None, "at least one point"),
        ([(0, 50)], None, "not allowed"),
        ([(1, 101)], None, "not allowed"),
        ([(1, math.nan)], None, "not allowed"),
        ([(2, 50), (2, 60)], None, "two points at 2"),
        ([(1, 50)], 0, "best_accuracy=0"),
    ],
)
def test_values_out_of_range_name_themselves(points, best, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        accuracy_under_parallelism([Point(*point) for point in points], best)


def test_a_method_that_gets_nothing_right_scores_nothing() -> None:
    assert accuracy_under_parallelism([Point(1, 0), Point(3, 0)]) == 0
