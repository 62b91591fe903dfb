"""Standard errors and tests of accuracies, against enumeration and simulation."""

import itertools
import math
import random
import statistics

import pytest

from apd.statistics.significance import (
    PairedComparison,
    binomial_standard_error,
    mcnemar_p_value,
    paired_comparison,
    problems_needed,
)


def test_the_binomial_standard_error_is_the_spread_of_an_accuracy() -> None:
    n, a = 6, 0.3
    law = {k: math.comb(n, k) * a**k * (1 - a) ** (n - k) for k in range(n + 1)}
    mean = sum(p * k / n for k, p in law.items())
    variance = sum(p * (k / n - mean) ** 2 for k, p in law.items())
    assert binomial_standard_error(a, n) == pytest.approx(math.sqrt(variance))
    assert binomial_standard_error(0.404, 500) == pytest.approx(0.0219, abs=1e-4)


def test_a_comparison_counts_the_problems_on_which_they_differ() -> None:
    first, second = [True, True, False, True, False], [True, False, False, False, True]
    found = paired_comparison(first, second)
    assert found == PairedComparison(problems=5, only_first=2, only_second=1)
    assert found.difference == pytest.approx(0.2)
    assert found.discordance == pytest.approx(0.6)
    differences = [int(a) - int(b) for a, b in zip(first, second, strict=True)]
    assert found.stderr == pytest.approx(statistics.stdev(differences) / math.sqrt(5))


def test_equal_decoders_do_not_differ_and_one_problem_has_no_error() -> None:
    same = paired_comparison([True, False] * 10, [True, False] * 10)
    assert (same.difference, same.stderr, same.p_value) == (0, 0, 1)
    assert math.isnan(paired_comparison([True], [False]).stderr)


@pytest.mark.parametrize(("b", "c"), [(0, 0), (3, 3), (5, 1), (0, 6), (2, 7)])
def test_the_p_value_is_that_of_all_splits_at_least_as_uneven(b: int, c: int) -> None:
    splits = itertools.product((0, 1), repeat=b + c)
    as_uneven = sum(abs(2 * sum(split) - (b + c)) >= abs(b - c) for split in splits)
    assert mcnemar_p_value(b, c) == pytest.approx(as_uneven / 2 ** (b + c))
    assert mcnemar_p_value(b, c) == mcnemar_p_value(c, b)


def test_the_number_of_problems_needed_gives_the_power_it_promises() -> None:
    difference, discordance, power = 0.1, 0.3, 0.8
    n = problems_needed(difference, discordance, power=power)
    rng = random.Random(0)
    only_first, only_second = (discordance + difference) / 2, (discordance - difference) / 2
    found, trials = 0, 400
    for _ in range(trials):
        draws = [rng.random() for _ in range(n)]
        b = sum(draw < only_first for draw in draws)
        c = sum(only_first <= draw < only_first + only_second for draw in draws)
        found += mcnemar_p_value(b, c) < 0.05
    error = math.sqrt(power * (1 - power) / trials)
    assert abs(found / trials - power) < 0.04 + 3 * error  # 0.04: normal approximation


def test_fewer_problems_are_needed_where_decoders_agree_more() -> None:
    needed = [problems_needed(0.05, discordance) for discordance in (0.06, 0.1, 0.2, 0.5)]
    assert needed == sorted(needed)
    assert problems_needed(-0.05, 0.2) == problems_needed(0.05, 0.2)


@pytest.mark.parametrize(
    "values",
    [(0, 0.2), (0.3, 0.2), (0.1, 1.2)],
)
def test_impossible_differences_are_refused(values: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="difference"):
        problems_needed(*values)


def test_unequal_numbers_of_problems_are_refused() -> None:
    with pytest.raises(ValueError, match="2 and 1 judged problems"):
        paired_comparison([True, False], [True])
    with pytest.raises(ValueError, match="same problems"):
        paired_comparison([], [])
    with pytest.raises(ValueError, match="accuracy 2"):
        binomial_standard_error(2, 10)
