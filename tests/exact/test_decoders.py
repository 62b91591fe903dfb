"""The decoders against the exact laws, on models that are tables."""

import pytest
import torch
from table_models import TableDiffusionLM, TableVerifier, assert_sampled_from, frequencies

from apd.decoding import AdaptiveConfig, LeftToRightConfig, adaptive, left_to_right
from apd.decoding.reference import ReferenceConfig, reference
from apd.exact import (
    ACCEPTANCE_RULES,
    NOISES,
    EnumerableLanguage,
    adaptive_law,
    autoregressive_law,
    random_joint,
    semi_autoregressive_law,
)

SIZE, LENGTH = 2, 3
PROMPT = torch.tensor([SIZE])  # one token outside the language
SAMPLING = {"temperature": 1.0, "top_p": 1.0, "max_new_tokens": LENGTH}


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("acceptance", ACCEPTANCE_RULES)
def test_adaptive_decoding_follows_its_exact_law(acceptance, noise):
    language = EnumerableLanguage(random_joint(SIZE, LENGTH, seed=9), perturbation=0.5)
    joint, runs = random_joint(SIZE, LENGTH, seed=10), 700
    dllm, verifier = TableDiffusionLM(language), TableVerifier(joint)
    law = adaptive_law(
        language, joint, mixture_weight=0.3, acceptance=acceptance, noise=noise
    ).table

    def decode(seed):
        config = AdaptiveConfig(
            mixture_weight=0.3, acceptance=acceptance, noise=noise, seed=seed, **SAMPLING
        )
        return adaptive(dllm, verifier, PROMPT, config)

    assert_sampled_from(law, frequencies(decode, runs, law.shape), runs)


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("greedy", [False, True])
def test_the_reference_code_follows_the_law_of_a_colder_draft(greedy, fresh):
    language = EnumerableLanguage(random_joint(SIZE, LENGTH, seed=9), perturbation=0.5)
    joint, runs, T = random_joint(SIZE, LENGTH, seed=10), 700, 0.6
    dllm, verifier = TableDiffusionLM(language), TableVerifier(joint)
    law = adaptive_law(
        language,
        joint,
        mixture_weight=0.3,
        acceptance="greedy" if greedy else "gumbel",
        noise="fresh" if fresh else "position",
        temperature=T,
        draft_temperature=T * T,
    ).table

    def decode(seed):
        config = ReferenceConfig(
            mixture_weight=0.3,
            greedy_target=greedy,
            fresh_noise=fresh,
            squared_temperature=True,
            seed=seed,
            **SAMPLING | {"temperature": T},
        )
        return reference(dllm, verifier, PROMPT, config)

    assert_sampled_from(law, frequencies(decode, runs, law.shape), runs)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_left_to_right_decoding_follows_p_sar(k):
    language, runs = EnumerableLanguage(random_joint(SIZE, LENGTH, seed=9), perturbation=0.5), 700
    dllm = TableDiffusionLM(language)

    def decode(seed):
        config = LeftToRightConfig(tokens_per_step=k, seed=seed, **SAMPLING)
        return left_to_right(dllm, PROMPT, config)

    law = semi_autoregressive_law(language, k)
    assert_sampled_from(law, frequencies(decode, runs, law.shape), runs)


def test_with_position_noise_and_a_perfect_verifier_adaptive_is_left_to_right_token_for_token():
    language = EnumerableLanguage(random_joint(SIZE, LENGTH, seed=12), perturbation=0.5)
    dllm, verifier = TableDiffusionLM(language), TableVerifier(autoregressive_law(language))
    saved = differs = 0
    for seed in range(150):
        parallel = AdaptiveConfig(mixture_weight=0.0, noise="position", seed=seed, **SAMPLING)
        fresh = AdaptiveConfig(mixture_weight=0.0, noise="fresh", seed=seed, **SAMPLING)
        serial = LeftToRightConfig(noise="position", seed=seed, **SAMPLING)
        fast = adaptive(dllm, verifier, PROMPT, parallel)
        slow = left_to_right(dllm, PROMPT, serial)
        assert fast.tokens == slow.tokens
        saved += len(slow.iterations) - len(fast.iterations)
        differs += adaptive(dllm, verifier, PROMPT, fresh).tokens != slow.tokens
    assert saved > 0
    assert differs > 0
