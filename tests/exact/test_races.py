"""The closed forms for shared Gumbel noise against each other, integration and Monte Carlo."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from apd.coupling import agreement_distribution
from apd.exact import joint_pick_law, race_probability, same_pick_law, total_variation


def dirichlet(size, count, seed):
    return np.random.default_rng(seed).dirichlet(np.full(size, 0.7), size=count)


def picks_by_sampling(weights, samples, seed):
    """Argmax of log w + g for every row of `weights` (K, V) under shared g: (K, samples)."""
    noise = np.random.default_rng(seed).gumbel(size=(samples, weights.shape[1]))
    return np.stack([(np.log(row) + noise).argmax(axis=1) for row in weights])


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 8), st.integers(0, 10_000))
def test_joint_law_has_the_right_marginals_and_the_known_diagonal(size, seed):
    p, q = dirichlet(size, 2, seed)
    law = joint_pick_law(p, q)
    np.testing.assert_allclose(law.sum(axis=1), p, atol=1e-10)
    np.testing.assert_allclose(law.sum(axis=0), q, atol=1e-10)
    shared = agreement_distribution(torch.tensor(p), torch.tensor(q))
    np.testing.assert_allclose(law.diagonal(), shared, atol=1e-10)
    tv = total_variation(p, q)
    assert (1 - tv) / (1 + tv) - 1e-10 <= law.trace() <= 1 - tv + 1e-10


def test_joint_law_agrees_with_sampling():
    weights = dirichlet(4, 3, seed=1)
    samples = 200_000
    first, second, third = picks_by_sampling(weights, samples, seed=2)
    tolerance = 4 * 0.5 / np.sqrt(samples)  # four standard errors of a frequency, at most
    counts = np.zeros((4, 4))
    np.add.at(counts, (first, second), 1 / samples)
    np.testing.assert_allclose(joint_pick_law(weights[0], weights[1]), counts, atol=tolerance)
    counts = np.zeros((4, 4))
    agree = first == second
    np.add.at(counts, (first[agree], third[agree]), 1 / samples)
    np.testing.assert_allclose(joint_pick_law(weights[:2], weights[2]), counts, atol=tolerance)


def test_off_diagonal_agrees_with_numeric_integration():
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.3, 0.5])
    # P(p picks 0, q picks 2) over the plane (E_0, E_2), E_1 integrated out by hand
    axis = (np.arange(1500) + 0.5) * 0.01
    first, last = np.meshgrid(axis, axis, indexing="ij")
    allowed = (last >= first * p[2] / p[0]) & (first >= last * q[0] / q[2])
    bound = np.maximum(first * p[1] / p[0], last * q[1] / q[2])
    integral = (np.exp(-first - last - bound) * allowed).sum() * 0.01**2
    assert joint_pick_law(p, q)[0, 2] == pytest.approx(integral, abs=3e-4)


@pytest.mark.parametrize("size", [2, 3, 4])
def test_cutting_cones_agrees_with_the_closed_forms_and_sums_to_one(size):
    weights = dirichlet(size, 3, seed=size)
    law = np.zeros((size,) * 3)
    for picks in np.ndindex(law.shape):
        law[picks] = race_probability(weights, picks)
    assert law.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(law.sum(axis=2), joint_pick_law(weights[0], weights[1]), atol=1e-10)
    same = law[np.arange(size), np.arange(size)]
    np.testing.assert_allclose(same, joint_pick_law(weights[:2], weights[2]), atol=1e-10)
    np.testing.assert_allclose(same.diagonal(), same_pick_law(weights), atol=1e-10)


def test_equal_laws_always_agree_and_disjoint_ones_never():
    p = np.array([0.6, 0.4, 0.0])
    np.testing.assert_allclose(joint_pick_law(p, p), np.diag(p), atol=1e-12)
    law = joint_pick_law(p, np.array([0.0, 0.0, 1.0]))
    np.testing.assert_allclose(law, [[0, 0, 0.6], [0, 0, 0.4], [0, 0, 0]], atol=1e-12)
    assert race_probability(np.stack([p, p]), (2, 2)) == 0.0


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="give"):
        joint_pick_law(np.ones((2, 3)), np.ones(2))
