"""Exact laws of the attempts to improve APD: what stays exact, what does not, and by how much."""

import numpy as np
import pytest

from apd.exact import (
    ACCEPTANCE_RULES,
    EnumerableLanguage,
    adaptive_law,
    autoregressive_law,
    chain_conditionals,
    common_path,
    corrected_law,
    random_joint,
    total_variation,
    variant_target,
)

CASES = [(2, 4, 0.0, 0), (3, 3, 0.0, 1), (3, 4, 0.8, 2), (4, 3, 0.5, 3)]
AGREEING = ("gumbel", "independent", "maximal")


def models(size, length, perturbation, seed):
    language = EnumerableLanguage(random_joint(size, length, seed), perturbation)
    return language, random_joint(size, length, seed + 100)


@pytest.mark.parametrize("rule", ACCEPTANCE_RULES)
@pytest.mark.parametrize("weight", [0.0, 0.4, 1.0])
def test_a_variant_with_nothing_on_is_the_mixture(weight, rule):
    language, verifier = models(*CASES[2])
    plain = adaptive_law(language, verifier, mixture_weight=weight, acceptance=rule)
    target = variant_target(weight)
    same = adaptive_law(language, verifier, mixture_weight=0.5, acceptance=rule, target=target)
    np.testing.assert_allclose(same.table, plain.table, atol=1e-12)
    np.testing.assert_allclose(same.iterations, plain.iterations, atol=1e-12)


@pytest.mark.parametrize("exaggeration", [0.0, 0.3, 2.0])
@pytest.mark.parametrize("case", CASES)
def test_exaggerating_a_perfect_verifier_changes_no_text(case, exaggeration):
    language, _ = models(*case)
    chain = autoregressive_law(language)
    target = variant_target(0.0, exaggeration=exaggeration)
    path = common_path(language, chain, mixture_weight=0.0, target=target)
    np.testing.assert_allclose(path.parting, 0.0, atol=1e-12)
    law = adaptive_law(language, chain, mixture_weight=0.0, noise="position", target=target)
    np.testing.assert_allclose(law.table, chain, atol=1e-12)


def test_exaggeration_costs_iterations():
    language, _ = models(*CASES[0])
    chain = autoregressive_law(language)
    taken = [
        adaptive_law(
            language, chain, mixture_weight=0.0, target=variant_target(0.0, exaggeration=beta)
        ).expected_iterations
        for beta in (0.0, 0.5, 2.0)
    ]
    assert np.all(np.diff(taken) > 0)


@pytest.mark.parametrize("exaggeration", [0.0, 0.5, 2.0])
def test_exaggeration_forgives_a_verifier_that_errs_by_its_share(exaggeration):
    """A verifier short of the chain by a share b / (1 + b) of the step from the draft is exact."""
    # On two positions there is one draft law and one verdict, so such a verifier can be written.
    language = EnumerableLanguage(random_joint(3, 2, seed=5))
    chain = autoregressive_law(language)
    draft, conditionals = language.prefix_marginals[0][1], chain_conditionals(chain)
    for share, exact in ((0.999, True), (1.001, False)):
        short = share * exaggeration / (1 + exaggeration)
        if exaggeration == 0:
            short = 0.0 if exact else 0.01
        rows = draft**short * conditionals[1] ** (1 - short)
        verifier = conditionals[0][:, None] * rows / rows.sum(axis=1, keepdims=True)
        target = variant_target(0.0, exaggeration=exaggeration)
        path = common_path(language, verifier, mixture_weight=0.0, target=target)
        assert (path.difference < 1e-12) == exact


def test_a_verifier_temperature_promises_nothing():
    language, _ = models(*CASES[0])
    chain = autoregressive_law(language)
    for tau in (0.5, 2.0):
        target = variant_target(0.0, verifier_temperature=tau)
        path = common_path(language, chain, mixture_weight=0.0, target=target)
        assert path.difference > 1e-3


def test_decays_lower_the_weight_and_the_price():
    language, _ = models(*CASES[3])
    chain = autoregressive_law(language)
    for decay in ("entropy_decay", "distance_decay"):
        differ = [
            common_path(
                language, chain, mixture_weight=0.7, target=variant_target(0.7, **{decay: value})
            ).difference
            for value in (0.0, 0.5, 1.0, 50.0)
        ]
        assert np.all(np.diff(differ) < 0)
        assert differ[-1] < 1e-9  # behind the frontier nothing of R is left


@pytest.mark.parametrize("corrections", [1, 2, 9])
@pytest.mark.parametrize("rule", AGREEING)
@pytest.mark.parametrize("case", CASES)
def test_corrections_by_a_perfect_verifier_are_exact(case, rule, corrections):
    language, _ = models(*case)
    chain = autoregressive_law(language)
    law = corrected_law(
        language, chain, variant_target(0.0), corrections=corrections, acceptance=rule
    )
    np.testing.assert_allclose(law.table, chain, atol=1e-12)
    assert law.iterations.sum() == pytest.approx(1.0)


def test_with_fresh_noise_they_are_what_makes_it_exact():
    language, _ = models(*CASES[0])
    chain = autoregressive_law(language)
    plain = adaptive_law(language, chain, mixture_weight=0.0, noise="fresh")
    assert total_variation(plain.table, chain) > 1e-3


@pytest.mark.parametrize("case", CASES)
def test_corrections_save_iterations_and_trust_an_imperfect_verifier_more(case):
    language, verifier = models(*case)
    chain = autoregressive_law(language)
    plain = adaptive_law(language, verifier, mixture_weight=0.0, noise="position")
    found = [corrected_law(language, verifier, variant_target(0.0), corrections=c) for c in (1, 2)]
    taken = [plain.expected_iterations, *(law.expected_iterations for law in found)]
    assert np.all(np.diff(taken) < 0)
    distances = [total_variation(law.table, chain) for law in (plain, *found)]
    assert distances[0] < min(distances[1:])


def test_one_iteration_with_corrections_everywhere_is_the_verifier_behind_the_first_token():
    language, verifier = models(*CASES[1])
    law = corrected_law(language, verifier, variant_target(0.0), corrections=9)
    first = language.prefix_marginals[0][0]
    expected = first[:, None, None] * verifier / verifier.sum(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(law.table, expected, atol=1e-12)
    np.testing.assert_allclose(law.iterations, [0, 1, 0, 0], atol=1e-12)


def test_a_lookahead_of_one_is_one_token_at_a_time():
    language, verifier = models(*CASES[2])
    law = corrected_law(language, verifier, variant_target(0.5), corrections=1, max_lookahead=1)
    np.testing.assert_allclose(law.table, autoregressive_law(language), atol=1e-12)
    assert law.expected_iterations == pytest.approx(language.length)


@pytest.mark.parametrize("wrong", [{"corrections": 0}, {"corrections": 1, "acceptance": "greedy"}])
def test_what_has_no_such_law_is_refused(wrong):
    language, verifier = models(*CASES[0])
    with pytest.raises(ValueError, match="need at least 1"):
        corrected_law(language, verifier, variant_target(0.0), **wrong)
