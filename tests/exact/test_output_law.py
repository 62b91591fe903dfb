"""The exact law of APD's output: its proof obligations, its limits, and a naive simulation."""

import numpy as np
import pytest

from apd.exact import (
    ACCEPTANCE_RULES,
    NOISES,
    EnumerableLanguage,
    accept_law,
    adaptive_law,
    autoregressive_law,
    chain_conditionals,
    cities,
    joint_pick_law,
    mixture,
    random_joint,
    semi_autoregressive_law,
    tempered,
    total_variation,
)

CASES = [(2, 4, 0.0, 0), (3, 3, 0.0, 1), (3, 4, 0.8, 2), (4, 3, 0.5, 3)]


@pytest.mark.parametrize(("size", "length", "perturbation", "seed"), CASES)
def test_position_noise_with_a_perfect_verifier_samples_exactly_from_p_ar(
    size, length, perturbation, seed
):
    language = EnumerableLanguage(random_joint(size, length, seed), perturbation)
    target = autoregressive_law(language)
    exact = adaptive_law(language, target, mixture_weight=0.0, noise="position")
    np.testing.assert_allclose(exact.table, target, atol=1e-12)
    # the stronger statement: every emitted token is argmax(log p_AR(.|x_<i) + g_i)
    np.testing.assert_allclose(exact.chain_agreement, 1.0, atol=1e-12)
    # and it is no left-to-right decoding in disguise
    assert exact.expected_iterations < length - 0.1


@pytest.mark.parametrize(("size", "length", "perturbation", "seed"), CASES)
def test_fresh_noise_is_biased_even_with_a_perfect_verifier(size, length, perturbation, seed):
    language = EnumerableLanguage(random_joint(size, length, seed), perturbation)
    target = autoregressive_law(language)
    biased = adaptive_law(language, target, mixture_weight=0.0, noise="fresh")
    # each token still is the argmax under the noise of its own iteration: the bias is selection
    np.testing.assert_allclose(biased.chain_agreement, 1.0, atol=1e-12)
    assert total_variation(biased.table, target) > 0.005


def test_the_bias_of_fresh_noise_worked_by_hand():
    """Two tokens: x_1 = 0 with 1/2; x_2 is 0 with a = 0.9 after 0 and with b = 0.3 after 1."""
    joint = np.array([[0.45, 0.05], [0.15, 0.35]])
    law = adaptive_law(EnumerableLanguage(joint), joint, mixture_weight=0.0, noise="fresh").table
    u, z = np.array([0.6, 0.4]), np.array([0.9, 0.1])
    kept = np.array([1 / (1 + max(0.4 / 0.6, 0.1 / 0.9)), 1 / (1 + max(0.6 / 0.4, 0.9 / 0.1))])
    np.testing.assert_allclose(joint_pick_law(u, z).diagonal(), kept)
    np.testing.assert_allclose(law[0], 0.5 * (kept + (1 - kept.sum()) * z))
    assert law[0, 0] < 0.45  # one rejected draft is redrawn, and may fall on the wrong token again


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("acceptance", ACCEPTANCE_RULES)
@pytest.mark.parametrize("mixture_weight", [0.0, 0.4, 1.0])
def test_every_law_is_a_law(noise, acceptance, mixture_weight):
    language = EnumerableLanguage(random_joint(3, 3, seed=4), perturbation=0.6)
    result = adaptive_law(
        language,
        random_joint(3, 3, seed=5),
        mixture_weight=mixture_weight,
        acceptance=acceptance,
        noise=noise,
    )
    assert result.table.min() >= 0
    assert result.table.sum() == pytest.approx(1.0)
    assert result.iterations.sum() == pytest.approx(1.0)
    assert result.iterations[0] == 0.0
    assert 1 <= result.expected_iterations <= 3
    assert result.chain_agreement[0] == pytest.approx(1.0)
    assert np.all(result.chain_agreement <= 1 + 1e-12)


@pytest.mark.parametrize("noise", NOISES)
def test_limits(noise):
    language = EnumerableLanguage(random_joint(3, 3, seed=6), perturbation=0.4)
    verifier = random_joint(3, 3, seed=7)
    trusting = adaptive_law(language, verifier, mixture_weight=1.0, noise=noise)
    np.testing.assert_allclose(trusting.table, semi_autoregressive_law(language, 3), atol=1e-12)
    assert trusting.expected_iterations == pytest.approx(1.0)
    for m in (1, 2):
        limited = adaptive_law(language, verifier, mixture_weight=1.0, noise=noise, max_lookahead=m)
        np.testing.assert_allclose(limited.table, semi_autoregressive_law(language, m), atol=1e-12)
        assert limited.iterations[-(-3 // m)] == pytest.approx(1.0)
    full = adaptive_law(language, verifier, mixture_weight=0.3, noise=noise, max_lookahead=3)
    free = adaptive_law(language, verifier, mixture_weight=0.3, noise=noise)
    np.testing.assert_array_equal(full.table, free.table)


def test_more_trust_means_fewer_iterations_and_further_from_p_ar():
    language = EnumerableLanguage(random_joint(3, 4, seed=8))
    weights = np.linspace(0, 1, 6)
    laws = [
        adaptive_law(language, language.joint, mixture_weight=r, noise="position") for r in weights
    ]
    assert np.all(np.diff([law.expected_iterations for law in laws]) < 0)
    assert np.all(np.diff([total_variation(law.table, language.joint) for law in laws]) > 0)


def test_hard_constraints_survive_exactly_with_a_perfect_verifier():
    language = EnumerableLanguage(cities().joint)
    law = adaptive_law(language, language.joint, mixture_weight=0.5, noise="position").table
    assert law[language.joint == 0].sum() == pytest.approx(0.0, abs=1e-12)


def test_mixture_limits_and_disjoint_experts():
    p, q = np.array([0.7, 0.3, 0.0]), np.array([0.0, 0.5, 0.5])
    np.testing.assert_allclose(mixture(p, q, 1.0), p)
    np.testing.assert_allclose(mixture(p, q, 0.0), q)
    np.testing.assert_allclose(mixture(p, q, 0.5), [0, 1, 0])
    assert mixture(np.array([1.0, 0.0]), np.array([0.0, 1.0]), 0.5).sum() == 0.0


def test_options_outside_their_range_are_refused():
    language = EnumerableLanguage(np.full((2, 2), 0.25))
    good = {"mixture_weight": 0.5}
    for bad, message in (
        ({"mixture_weight": 1.5}, r"mixture_weight=1\.5"),
        ({"acceptance": "lucky"}, "acceptance='lucky'"),
        ({"noise": "pink"}, "noise='pink'"),
        ({"max_lookahead": 0}, "max_lookahead=0"),
        ({"temperature": 0.0}, r"temperatures 0\.0 and 0\.0 must be positive"),
        ({"draft_temperature": -1.0}, r"temperatures 1\.0 and -1\.0 must be positive"),
    ):
        with pytest.raises(ValueError, match=message):
            adaptive_law(language, language.joint, **{**good, **bad})
    with pytest.raises(ValueError, match="verifier of shape"):
        adaptive_law(language, np.full((2,), 0.5), mixture_weight=0.5)
    with pytest.raises(ValueError, match="acceptance='lucky'"):
        accept_law("lucky", *np.full((3, 2), 0.5))


def simulate(language, verifier, weight, acceptance, noise, rng, temperature=1.0, cooled=1.0):
    """One run of Algorithm 1, as literally as possible. Returns the tokens and the iterations.

    The draft's noise is multiplied by `cooled`, T in the reference code.
    """
    n, size = language.length, language.vocab_size
    scores = chain_conditionals(verifier)
    shared, own = rng.gumbel(size=(2, n, size))
    tokens, iterations = [], 0
    while len(tokens) < n:
        start, iterations = len(tokens), iterations + 1
        if noise == "fresh":
            shared, own = rng.gumbel(size=(2, n, size))
        rows = language.marginals([*tokens, *[None] * (n - start)])
        for i in range(start, n):
            draft = int((np.log(rows[i]) / temperature + cooled * shared[i]).argmax())
            target = mixture(rows[i], scores[i][tuple(tokens)], weight) ** (1 / temperature)
            if acceptance == "maximal":
                keep = rng.random() < target[draft] / rows[i, draft]
            else:
                noises = {"gumbel": shared[i], "greedy": 0.0, "independent": own[i]}
                keep = draft == (np.log(target) + noises[acceptance]).argmax()
            if i > start and not keep:
                break
            tokens.append(draft)
    return tuple(tokens), iterations


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("acceptance", ACCEPTANCE_RULES)
def test_the_law_agrees_with_a_naive_simulation(acceptance, noise):
    language = EnumerableLanguage(random_joint(2, 3, seed=9), perturbation=0.5)
    verifier = random_joint(2, 3, seed=10)
    exact = adaptive_law(language, verifier, mixture_weight=0.3, acceptance=acceptance, noise=noise)
    rng, runs = np.random.default_rng(11), 4000
    counts, total = np.zeros((2, 2, 2)), 0
    for _ in range(runs):
        tokens, iterations = simulate(language, verifier, 0.3, acceptance, noise, rng)
        counts[tokens] += 1
        total += iterations
    error = np.sqrt(exact.table * (1 - exact.table) / runs)
    assert np.all(np.abs(counts / runs - exact.table) < 4.5 * error + 1e-9)
    assert total / runs == pytest.approx(exact.expected_iterations, abs=4.5 / np.sqrt(runs))


def test_a_temperature_is_a_power_of_both_experts():
    law = np.array([[0.7, 0.3, 0.0], [0.2, 0.2, 0.6]])
    expected = law**2 / (law**2).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(tempered(law, 0.5), expected)
    assert tempered(law, 0.01)[0].tolist() == pytest.approx([1.0, 0.0, 0.0])
    assert tempered(law, 1.0) is law
    language = EnumerableLanguage(random_joint(3, 3, seed=6), perturbation=0.4)
    options = {"mixture_weight": 1.0, "temperature": 0.5}
    marginals = [tempered(row, 0.5) for row in language.prefix_marginals[0]]
    one_shot = adaptive_law(language, language.joint, **options).table
    np.testing.assert_allclose(one_shot, np.einsum("i,j,k->ijk", *marginals), atol=1e-12)
    for draft_temperature, cooler in ((None, 0.5), (0.2, 0.2)):
        chain = [tempered(table[..., 0, :], cooler) for table in language.prefix_marginals]
        step = adaptive_law(
            language,
            language.joint,
            max_lookahead=1,
            draft_temperature=draft_temperature,
            **options,
        )
        expected = np.einsum("i,ij,ijk->ijk", *chain)
        np.testing.assert_allclose(step.table, expected, atol=1e-12)


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("acceptance", ["gumbel", "greedy"])
def test_the_law_of_a_draft_at_t_squared_agrees_with_a_naive_simulation(acceptance, noise):
    language = EnumerableLanguage(random_joint(2, 3, 9, 4.0), perturbation=0.3)
    verifier, T = random_joint(2, 3, 10, 4.0), 0.6
    options = {"mixture_weight": 0.3, "acceptance": acceptance, "noise": noise}
    exact = adaptive_law(language, verifier, temperature=T, draft_temperature=T * T, **options)
    rng, runs = np.random.default_rng(12), 4000
    counts, total = np.zeros((2, 2, 2)), 0
    for _ in range(runs):
        tokens, iterations = simulate(language, verifier, 0.3, acceptance, noise, rng, T, T)
        counts[tokens] += 1
        total += iterations
    error = np.sqrt(exact.table * (1 - exact.table) / runs)
    assert np.all(np.abs(counts / runs - exact.table) < 4.5 * error + 1e-9)
    assert total / runs == pytest.approx(exact.expected_iterations, abs=4.5 / np.sqrt(runs))
