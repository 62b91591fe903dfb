"""Enumerable languages: conditional marginals, p_AR, p_SAR(k) and what parallelism costs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apd.exact import (
    EnumerableLanguage,
    autoregressive_law,
    chain_conditionals,
    cities,
    entropy,
    kl_divergence,
    marginal,
    random_joint,
    semi_autoregressive_law,
    sums,
    total_correlation,
    weather,
)

joints = st.builds(random_joint, st.integers(2, 3), st.integers(1, 4), st.integers(0, 10_000))


def test_marginals_condition_on_any_observed_set():
    joint = random_joint(3, 3, seed=2)
    rows = EnumerableLanguage(joint).marginals([None, 1, None])
    slab = joint[:, 1, :] / joint[:, 1, :].sum()
    np.testing.assert_allclose(rows, [slab.sum(axis=1), [0, 1, 0], slab.sum(axis=0)])


def test_an_impossible_context_gives_the_unconditional_marginals():
    language = EnumerableLanguage(cities().joint)
    rows = language.marginals([3, None])  # no city is called "York ..."
    np.testing.assert_allclose(rows[1], marginal(language.joint, [1]))


@settings(max_examples=25, deadline=None)
@given(joints)
def test_a_consistent_dllm_reads_back_its_joint_token_by_token(joint):
    np.testing.assert_allclose(autoregressive_law(EnumerableLanguage(joint)), joint, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(joints, st.integers(1, 5))
def test_the_loss_of_parallel_steps_is_the_total_correlation_of_each_group(joint, k):
    n = joint.ndim
    law = semi_autoregressive_law(EnumerableLanguage(joint), k)
    groups = [range(start, min(start + k, n)) for start in range(0, n, k)]
    loss = sum(total_correlation(joint, list(g), given=range(g.start)) for g in groups)
    assert law.sum() == pytest.approx(1.0)
    assert kl_divergence(joint, law) == pytest.approx(loss, abs=1e-12)
    if k >= n:
        assert kl_divergence(joint, law) == pytest.approx(total_correlation(joint), abs=1e-12)


def test_a_perturbed_dllm_pays_for_its_inconsistency_on_top():
    language = EnumerableLanguage(random_joint(3, 3, seed=3), perturbation=0.5, seed=4)
    chain, parallel = autoregressive_law(language), semi_autoregressive_law(language, 3)
    rows = language.marginals([None] * 3)
    mismatch = sum(kl_divergence(marginal(chain, [i]), rows[i]) for i in range(3))
    assert mismatch > 0.01
    assert kl_divergence(chain, parallel) == pytest.approx(total_correlation(chain) + mismatch)
    again = EnumerableLanguage(language.joint, perturbation=0.5, seed=4)
    np.testing.assert_array_equal(autoregressive_law(again), chain)
    other = EnumerableLanguage(language.joint, perturbation=0.5, seed=5)
    assert not np.allclose(autoregressive_law(other), chain)


def test_chain_conditionals_multiply_to_the_joint():
    joint = random_joint(3, 4, seed=5)
    product = np.ones(())
    for table in chain_conditionals(joint):
        product = product[..., None] * table
    np.testing.assert_allclose(product, joint, atol=1e-12)


def test_the_worded_examples_are_joints_with_the_stated_structure():
    assert total_correlation(cities().joint) == pytest.approx(entropy(np.array([0.5, 0.3, 0.2])))
    assert cities().text((0, 3)) == "New York"
    addition = sums().joint
    assert all(a + b == c for a, b, c in zip(*np.nonzero(addition), strict=True))
    chain = weather(length=4, persistence=1 / 3).joint
    assert total_correlation(chain) == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(ValueError, match=r"persistence=1\.5"):
        weather(persistence=1.5)


def test_malformed_languages_are_refused_with_the_remedy():
    with pytest.raises(ValueError, match="sum to 1"):
        EnumerableLanguage(np.full((2, 2), 0.3))
    with pytest.raises(ValueError, match="same V tokens"):
        EnumerableLanguage(np.full((2, 3), 1 / 6))
    with pytest.raises(ValueError, match="shorter sequence"):
        EnumerableLanguage(np.full((2,) * 17, 2.0**-17))
    with pytest.raises(ValueError, match="perturbation=-1"):
        EnumerableLanguage(np.full((2, 2), 0.25), perturbation=-1)
    language = EnumerableLanguage(np.full((2, 2), 0.25))
    with pytest.raises(ValueError, match="tokens_per_step=0"):
        semi_autoregressive_law(language, 0)
    with pytest.raises(ValueError, match="has 2"):
        language.marginals([None])
