"""Waiting lines: closed forms against enumeration."""

import functools
import math

import numpy as np
import pytest

from apd.exact import (
    EnumerableLanguage,
    kl_divergence,
    semi_autoregressive_law,
    total_correlation,
)
from apd.exact.line_laws import (
    OPEN,
    largest_right_group,
    lost_nats,
    right_beginning,
    right_probability,
)
from apd.exact.lines import RESULTS, line_joint

SIZES = {"insert_anywhere": (2, 3), "insert": (2, 3)}  # (n + 1) ** (n + 1) entries
CASES = [(name, n) for name in RESULTS for n in SIZES.get(name, (2, 3, 4))]


@functools.cache
def language_of(operation, names):
    return EnumerableLanguage(line_joint(operation, names))


@pytest.mark.parametrize(("operation", "names"), CASES)
def test_the_chance_to_be_right_is_that_of_the_enumerated_draft(operation, names):
    joint = line_joint(operation, names)
    for K in range(1, joint.ndim + 2):
        law = semi_autoregressive_law(language_of(operation, names), K)
        expected = law[joint > 0].sum()
        assert right_probability(operation, names, K) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("operation", "names"), CASES)
def test_the_loss_is_the_conditional_total_correlation_of_the_groups(operation, names):
    joint = line_joint(operation, names)
    n = joint.ndim
    for K in range(1, n + 2):
        groups = [range(s, min(s + K, n)) for s in range(0, n, K)]
        expected = sum(total_correlation(joint, list(g), given=range(g.start)) for g in groups)
        assert lost_nats(operation, names, K) == pytest.approx(expected, abs=1e-12)
        law = semi_autoregressive_law(language_of(operation, names), K)
        assert kl_divergence(joint, law) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("operation", "names"), CASES)
def test_a_beginning_is_right_as_often_as_enumerated(operation, names):
    joint = line_joint(operation, names)
    n, drawn = joint.ndim, np.ones(())
    rows = EnumerableLanguage(joint).marginals([None] * n)
    lengths = []
    for j in range(1, n + 1):
        drawn = drawn[..., None] * rows[j - 1]
        possible = joint.sum(axis=tuple(range(j, n))) > 0
        expected = drawn[possible].sum()
        assert right_beginning(operation, names, j) == pytest.approx(expected, abs=1e-12)
        lengths.append(expected)
    assert largest_right_group(operation, names) == pytest.approx(sum(lengths), abs=1e-12)


@pytest.mark.parametrize("n", [2, 3, 5, 9, 20])
def test_one_shot_in_a_formula(n):
    formulas = {
        "any_order": math.factorial(n) / n**n,
        "insert_anywhere": math.factorial(n) * 2**n / (n + 1) ** (n + 1),
        "remove_any": math.factorial(n - 1) * 2 ** (n - 1) / n ** (n - 1),
        "replace_any": (1 - 1 / n) ** (n - 1),
    }
    entropies = sum(j * math.log(j) for j in range(1, n + 1))  # with the last term for n + 1
    before = entropies - n * math.log(n)
    lost = {
        "any_order": n * math.log(n) - math.lgamma(n + 1),
        "insert_anywhere": n * math.log(n + 1) - 2 / (n + 1) * entropies,
        "remove_any": (n - 2) * math.log(n) - 2 / n * before,
        "replace_any": (n - 1) * (math.log(n) - math.log(n - 1)) * (n > 1),
    }
    lost["replace_any"] = n * math.log(n) - (n - 1) * math.log(n - 1) - math.log(n)
    for operation, expected in formulas.items():
        assert right_probability(operation, n, n + 1) == pytest.approx(expected, rel=1e-12)
        assert lost_nats(operation, n, n + 1) == pytest.approx(lost[operation], abs=1e-11)


@pytest.mark.parametrize("operation", OPEN)
def test_right_at_least_exp_of_the_loss_with_equality_where_all_results_are_alike(operation):
    for n in (3, 5, 8):
        for K in (2, 3, n + 1):
            right, bound = right_probability(operation, n, K), math.exp(-lost_nats(operation, n, K))
            assert right >= bound - 1e-12
            if operation == "any_order" or (operation == "replace_any" and n < K):
                assert right == pytest.approx(bound, rel=1e-12)
            elif n < K:
                assert right > bound * (1 + 1e-9)


@pytest.mark.parametrize("operation", OPEN)
def test_one_at_a_time_is_exact_and_more_is_worse(operation):
    right = [right_probability(operation, 6, K) for K in range(1, 8)]
    assert right[0] == pytest.approx(1.0, abs=1e-12)
    assert lost_nats(operation, 6, 1) == pytest.approx(0.0, abs=1e-12)
    assert right[1] < 1 and right[-1] == min(right)


@pytest.mark.parametrize("operation", sorted(set(RESULTS) - set(OPEN)))
def test_one_result_is_never_missed(operation):
    assert right_probability(operation, 5, 9) == 1.0
    assert lost_nats(operation, 5, 9) == 0.0


def test_the_birthday_problem():
    assert 1 - right_beginning("any_order", 365, 23) == pytest.approx(0.5073, abs=1e-4)
    assert largest_right_group("any_order", 365) == pytest.approx(23.6166, abs=1e-4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: line_joint("rotate", 3), "operation='rotate' must be one of copy"),
        (lambda: right_probability("shuffle", 1, 1), "names=1: a line has at least 2"),
        (lambda: lost_nats("shuffle", 3, 0), "tokens_per_pass=0 must be >= 1"),
    ],
)
def test_what_is_out_of_range_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
