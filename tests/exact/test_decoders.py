"""The decoders against the exact laws, on models that are tables."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from apd.decoding import AdaptiveConfig, LeftToRightConfig, adaptive, left_to_right
from apd.decoding.reference import ReferenceConfig, reference
from apd.exact import (
    ACCEPTANCE_RULES,
    NOISES,
    EnumerableLanguage,
    adaptive_law,
    autoregressive_law,
    chain_conditionals,
    random_joint,
    semi_autoregressive_law,
)

SIZE, LENGTH = 2, 3
PROMPT = torch.tensor([SIZE])  # one token outside the language
SAMPLING = {"temperature": 1.0, "top_p": 1.0, "max_new_tokens": LENGTH}


class TableModel:
    """What a dLLM and an autoregressive model share: V + 2 ids, the last two never sampled."""

    vocab_size = SIZE + 2
    end_token_ids: frozenset[int] = frozenset()
    forbidden_token_ids = torch.tensor([SIZE, SIZE + 1])
    device = torch.device("cpu")

    def detokenize(self, token_ids: Sequence[int]) -> str:
        return " ".join(map(str, token_ids))


def padded(probabilities):
    """(..., V) probabilities -> (..., V + 2) logits; the extra ids tempt the decoder."""
    logits = torch.log(torch.tensor(np.asarray(probabilities)))
    return torch.nn.functional.pad(logits, (0, 2), value=9.0).float()


class TableDiffusionLM(TableModel):
    mask_token_id = SIZE + 1

    def __init__(self, language):
        self.language = language

    def window(self, kv_window):
        return self

    def logits(self, tokens, start, stop):
        known = tokens[1:start].tolist()
        rows = self.language.marginals([*known, *[None] * (LENGTH - len(known))])
        return padded(rows[start - 1 : stop - 1])

    def marginals(self, requests):
        whole = [self.logits(r.tokens, r.start, r.stop) for r in requests]
        return [
            logits[r.rows.start - r.start : r.rows.stop - r.start]
            for logits, r in zip(whole, requests, strict=True)
        ]


class TableVerifier(TableModel):
    def __init__(self, joint):
        self.tables = chain_conditionals(joint)

    def scorer(self):
        return self

    def logits(self, tokens, start, stop):
        contexts = [tuple(tokens[1:i].tolist()) for i in range(start, stop)]
        return padded([self.tables[len(context)][context] for context in contexts])

    def joints(self, requests):
        return [self.logits(r.tokens, r.start, r.stop) for r in requests]


def frequencies(decode, runs):
    counts = np.zeros((SIZE,) * LENGTH)
    for seed in range(runs):
        counts[decode(seed).tokens] += 1
    return counts / runs


def assert_sampled_from(law, observed, runs):
    error = np.sqrt(law * (1 - law) / runs)
    assert np.all(np.abs(observed - law) < 4.5 * error + 1e-9)


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

    assert_sampled_from(law, frequencies(decode, runs), runs)


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

    assert_sampled_from(law, frequencies(decode, runs), runs)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_left_to_right_decoding_follows_p_sar(k):
    language, runs = EnumerableLanguage(random_joint(SIZE, LENGTH, seed=9), perturbation=0.5), 700
    dllm = TableDiffusionLM(language)

    def decode(seed):
        config = LeftToRightConfig(tokens_per_step=k, seed=seed, **SAMPLING)
        return left_to_right(dllm, PROMPT, config)

    assert_sampled_from(semi_autoregressive_law(language, k), frequencies(decode, runs), runs)


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
