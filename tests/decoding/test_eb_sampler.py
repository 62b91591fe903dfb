"""EB-Sampler: what a step keeps, and what it promises about the law of the text."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from table_models import TableDiffusionLM, assert_sampled_from, frequencies
from toy_models import consistent_pair, toy_prompt

from apd.decoding.eb_sampler import EBSamplerConfig, entropy_bounded
from apd.decoding.registry import decoder
from apd.exact import (
    EnumerableLanguage,
    kl_divergence,
    random_joint,
    total_correlation,
    unmasking_law,
)

torch.set_num_threads(1)
PROXIES = ("entropy", "confidence", "margin")


def choosing(config):
    return lambda rows, drawn: entropy_bounded(torch.from_numpy(rows).log(), config).tolist()


def law_of(language, config):
    return unmasking_law(language, choosing(config))


def with_a_copy() -> np.ndarray:
    """Two free tokens, then a copy of the first and a constant: (2,) * 4."""
    joint = np.zeros((2,) * 4)
    for (a, b), mass in np.ndenumerate(np.array([[0.4, 0.1], [0.2, 0.3]])):
        joint[a, b, a, 1] = mass
    return joint


@pytest.mark.parametrize("proxy", PROXIES)
@pytest.mark.parametrize("joint", [random_joint(3, 3, seed=1), with_a_copy()])
def test_with_gamma_zero_and_true_marginals_it_samples_from_the_joint(joint, proxy) -> None:
    law = law_of(EnumerableLanguage(joint), EBSamplerConfig(gamma=0.0, error_proxy=proxy))
    np.testing.assert_allclose(law, joint, atol=1e-12)


@pytest.mark.parametrize("proxy", PROXIES)
@pytest.mark.parametrize("gamma", [0.2, 1.0, 5.0])
def test_a_step_loses_at_most_gamma(gamma, proxy) -> None:
    """Every set kept, at every set seen, has at most gamma nats of total correlation."""
    joint = random_joint(2, 4, seed=3)
    language, config = EnumerableLanguage(joint), EBSamplerConfig(gamma=gamma, error_proxy=proxy)
    kept_several = 0
    for state in itertools.product([None, 0, 1], repeat=4):
        masked = [i for i in range(4) if state[i] is None]
        if not masked:
            continue
        slab = joint[tuple(slice(None) if token is None else token for token in state)]
        chosen = choosing(config)(language.marginals(state)[masked], None)
        others = tuple(axis for axis in range(len(masked)) if axis not in chosen)
        kept = slab.sum(axis=others) / slab.sum()
        assert total_correlation(kept) <= gamma + 1e-12
        kept_several += len(chosen) > 1
    assert kept_several > 0


@pytest.mark.parametrize("gamma", [0.7, 1.5, 5.0])
def test_the_law_is_within_gamma_of_the_joint_for_each_step_but_not_the_joint(gamma) -> None:
    joint = random_joint(2, 4, seed=3)
    lost = kl_divergence(joint, law_of(EnumerableLanguage(joint), EBSamplerConfig(gamma=gamma)))
    assert 1e-3 < lost <= 4 * gamma


def test_the_decoder_follows_the_enumerated_choice() -> None:
    language = EnumerableLanguage(random_joint(2, 3, seed=4), perturbation=0.3)
    config = EBSamplerConfig(gamma=0.6, temperature=1.0, top_p=1.0, max_new_tokens=3)
    dllm, row = TableDiffusionLM(language), decoder("eb_sampler")

    def one(seed):
        return row.decode([dllm], torch.tensor([2]), replace(config, seed=seed))

    law = law_of(language, config)
    assert_sampled_from(law, frequencies(one, 300, law.shape), 300)


def naive_choice(probs, gamma: float, proxy: str) -> list[int]:
    """One position at a time."""
    rows = []
    for index, row in enumerate(probs.tolist()):
        entropy = -sum(p * np.log(p) for p in row if p > 0)
        first, second, *_ = sorted(row, reverse=True)
        error = {"entropy": entropy, "confidence": 1 - first, "margin": second - first}[proxy]
        rows.append((round(error, 12), index, entropy))
    kept: list[tuple[float, int, float]] = []
    for row in sorted(rows):
        entropies = [entropy for _, _, entropy in [*kept, row]]
        if kept and sum(entropies) - max(entropies) > gamma + 1e-12:
            break
        kept.append(row)
    return sorted(index for _, index, _ in kept)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("proxy", PROXIES)
def test_the_choice_is_the_naive_one(proxy, seed) -> None:
    generator = torch.Generator().manual_seed(seed)
    probs = (3 * torch.randn(6, 5, generator=generator, dtype=torch.float64)).softmax(-1)
    for gamma in (0.0, 0.1, 0.5, 2.0, 100.0):
        config = EBSamplerConfig(gamma=gamma, error_proxy=proxy)
        assert entropy_bounded(probs.log(), config).tolist() == naive_choice(probs, gamma, proxy)


def test_gamma_is_how_much_is_kept() -> None:
    dllm, _ = consistent_pair(0, ends=())
    steps = []
    for gamma in (0.0, 2.0, 100.0):
        config = EBSamplerConfig(gamma=gamma, max_new_tokens=12, temperature=0.0)
        result = decoder("eb_sampler").decode([dllm], toy_prompt(0), config)
        steps.append(len(result.iterations))
    assert steps[0] == 12 > steps[1] > steps[2] == 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"gamma": -1}, "gamma=-1 is not allowed: it must be a number >= 0; use"),
        ({"error_proxy": "luck"}, "error_proxy='luck' is not allowed: it must be one of entropy"),
        ({"block_length": 0}, "block_length=0 is not allowed"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_one_line(wrong, message) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        EBSamplerConfig(**wrong)
    assert "\n" not in str(caught.value)
