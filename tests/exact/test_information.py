"""Entropy, divergence and mutual information against their definitions and limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apd.exact import (
    entropy,
    kl_divergence,
    marginal,
    mutual_information,
    random_joint,
    total_correlation,
    total_variation,
)

joints = st.builds(random_joint, st.integers(2, 3), st.integers(2, 4), st.integers(0, 10_000))


def test_entropy_of_a_point_and_of_a_uniform():
    assert entropy(np.array([0.0, 1.0, 0.0])) == 0.0
    assert entropy(np.full((2, 4), 1 / 8)) == pytest.approx(np.log(8))


def test_marginal_keeps_the_order_asked_for():
    joint = random_joint(3, 3, seed=1)
    np.testing.assert_allclose(marginal(joint, [2, 0]), joint.sum(axis=1).T)
    with pytest.raises(ValueError, match="distinct"):
        marginal(joint, [0, 0])
    with pytest.raises(ValueError, match=r"0\.\.2"):
        marginal(joint, [3])


def test_divergence_is_infinite_off_support_and_zero_on_equality():
    p, q = np.array([0.5, 0.5]), np.array([1.0, 0.0])
    assert kl_divergence(p, q) == np.inf
    assert kl_divergence(q, p) == pytest.approx(np.log(2))
    assert kl_divergence(p, p) == 0.0
    with pytest.raises(ValueError, match="same"):
        kl_divergence(p, np.full(3, 1 / 3))


@settings(max_examples=30, deadline=None)
@given(joints)
def test_total_correlation_is_the_divergence_from_the_product_of_marginals(joint):
    product = np.ones(())
    for i in range(joint.ndim):
        product = product[..., None] * marginal(joint, [i])
    assert total_correlation(joint) == pytest.approx(kl_divergence(joint, product), abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(joints)
def test_mutual_information_obeys_the_chain_rule(joint):
    rest = list(range(1, joint.ndim))
    chained = sum(mutual_information(joint, [0], [i], given=range(1, i)) for i in rest)
    assert mutual_information(joint, [0], rest) == pytest.approx(chained, abs=1e-12)
    assert mutual_information(joint, [0], [1]) == pytest.approx(
        total_correlation(joint, [0, 1]), abs=1e-12
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 4), st.integers(0, 10_000))
def test_pinsker_bounds_variation_by_divergence(size, seed):
    p, q = random_joint(size, 2, seed), random_joint(size, 2, seed + 1)
    assert total_variation(p, q) <= np.sqrt(kl_divergence(p, q) / 2) + 1e-12
