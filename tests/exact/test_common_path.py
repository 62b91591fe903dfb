"""Where APD leaves the left-to-right text of the same noise: exact, bounded, simulated."""

import numpy as np
import pytest

from apd.exact import (
    ACCEPTANCE_RULES,
    EnumerableLanguage,
    adaptive_law,
    autoregressive_law,
    chain_conditionals,
    common_path,
    mixture,
    random_joint,
    total_variation,
    verifier_error,
    winners_differ_at,
)

CASES = [(2, 4, 0.0, 0), (3, 3, 0.0, 1), (3, 4, 0.8, 2), (4, 3, 0.5, 3)]


def models(size, length, perturbation, seed):
    language = EnumerableLanguage(random_joint(size, length, seed), perturbation)
    return language, random_joint(size, length, seed + 100)


@pytest.mark.parametrize("case", CASES)
def test_with_a_perfect_verifier_and_no_trust_the_texts_never_part(case):
    language, _ = models(*case)
    path = common_path(language, autoregressive_law(language), mixture_weight=0.0)
    np.testing.assert_allclose(path.parting, 0.0, atol=1e-12)
    np.testing.assert_allclose(path.winners_differ, 0.0, atol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_any_of_the_three_conditions_missing_parts_them(case):
    language, verifier = models(*case)
    perfect = autoregressive_law(language)
    assert common_path(language, perfect, mixture_weight=0.5).difference > 1e-3
    assert common_path(language, verifier, mixture_weight=0.0).difference > 1e-3
    for rule in ("independent", "maximal"):
        path = common_path(language, perfect, mixture_weight=0.0, acceptance=rule)
        assert path.difference > 1e-3


@pytest.mark.parametrize("mixture_weight", [0.0, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("case", CASES)
def test_the_bounds_hold_in_their_order(case, mixture_weight):
    language, verifier = models(*case)
    path = common_path(language, verifier, mixture_weight=mixture_weight)
    law = adaptive_law(language, verifier, mixture_weight=mixture_weight, noise="position")
    distance = total_variation(law.table, autoregressive_law(language))
    assert distance <= path.difference + 1e-12  # two texts of one noise are a coupling
    assert np.all(path.parting <= path.winners_differ + 1e-12)
    assert 0.0 < path.difference < 1.0
    if mixture_weight == 0:
        races, distances = verifier_error(language, verifier)
        assert np.all(path.winners_differ <= races + 1e-12)
        assert np.all(races <= distances + 1e-12)
        assert distances[0] == 0.0


def test_the_chance_that_winners_differ_is_one_minus_the_agreement():
    p, q = np.array([0.7, 0.2, 0.1]), np.array([0.1, 0.2, 0.7])
    agreement = sum(1 / np.maximum(p / p[v], q / q[v]).sum() for v in range(3))
    assert winners_differ_at(p, q) == pytest.approx(1 - agreement)
    assert winners_differ_at(p, p) == pytest.approx(0.0, abs=1e-12)


def test_a_lookahead_of_one_never_parts():
    language, verifier = models(3, 3, 0.5, 5)
    path = common_path(language, verifier, mixture_weight=1.0, max_lookahead=1)
    np.testing.assert_array_equal(path.parting, 0.0)


def texts(language, verifier, weight, acceptance, rng):
    """One noise, two texts: Algorithm 1's and the left-to-right one."""
    n, size = language.length, language.vocab_size
    scores = chain_conditionals(verifier)
    shared, own = rng.gumbel(size=(2, n, size))
    coins = rng.random(n)
    serial: list[int] = []
    for i in range(n):
        row = language.marginals([*serial, *[None] * (n - i)])[i]
        serial.append(int((np.log(row) + shared[i]).argmax()))
    tokens: list[int] = []
    while len(tokens) < n:
        start = len(tokens)
        rows = language.marginals([*tokens, *[None] * (n - start)])
        for i in range(start, n):
            draft = int((np.log(rows[i]) + shared[i]).argmax())
            target = mixture(rows[i], scores[i][tuple(tokens)], weight)
            if acceptance == "maximal":
                keep = coins[i] < target[draft] / rows[i, draft]
            else:
                noises = {"gumbel": shared[i], "greedy": 0.0, "independent": own[i]}
                keep = draft == (np.log(target) + noises[acceptance]).argmax()
            if i > start and not keep:
                break
            tokens.append(draft)
    return tokens, serial


@pytest.mark.parametrize("acceptance", ACCEPTANCE_RULES)
def test_the_enumeration_agrees_with_a_naive_simulation(acceptance):
    language = EnumerableLanguage(random_joint(2, 4, seed=9), perturbation=0.5)
    verifier, runs = random_joint(2, 4, seed=10), 3000
    exact = common_path(language, verifier, mixture_weight=0.3, acceptance=acceptance).parting
    rng, counts = np.random.default_rng(11), np.zeros(4)
    for _ in range(runs):
        ours, serial = texts(language, verifier, 0.3, acceptance, rng)
        parted = [i for i in range(4) if ours[i] != serial[i]]
        if parted:
            counts[parted[0]] += 1
    error = np.sqrt(exact * (1 - exact) / runs)
    assert np.all(np.abs(counts / runs - exact) < 4.5 * error + 1e-9)
