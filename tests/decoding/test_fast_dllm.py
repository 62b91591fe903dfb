"""Fast-dLLM: against a naive version, its theorem by enumeration, its caches, its way out."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from committed_steps import steps_of
from hypothesis import given, settings
from hypothesis import strategies as st
from table_models import TableDiffusionLM, assert_sampled_from, frequencies
from toy_models import HashDiffusion, consistent_pair, toy_prompt

from apd.coupling import gumbel_noise
from apd.decoding.fast_dllm import FastDLLMConfig, FastDLLMFactorConfig, confident
from apd.decoding.registry import decoder
from apd.exact import (
    EnumerableLanguage,
    random_joint,
    total_variation,
    unmasking_law,
)

torch.set_num_threads(1)
Step = list[tuple[int, int]]  # (position, token) pairs committed at once


def decode(dllm, prompt, config):
    row = "fast_dllm" if config.factor is None else "fast_dllm_factor"
    return decoder(row).decode([dllm], prompt, config)


def naive_fast_dllm(dllm: HashDiffusion, prompt: list[int], config: FastDLLMConfig) -> list[Step]:
    """What every step commits; V = 8, mask 7, end 0; `held` is what each key was computed from."""
    x, P = prompt + [7] * config.max_new_tokens, len(prompt)
    steps: list[Step] = []
    for start in range(P, len(x), config.block_length or len(x)):
        block = range(start, min(start + (config.block_length or len(x)), len(x)))
        if 0 in x[P:start]:
            break
        first_pass = True
        held: dict[int, tuple[int, int]] = {}
        while any(x[i] == 7 for i in block):
            computed = {"none": range(len(x)), "prefix": range(start, len(x)), "dual": block}
            for i in range(len(x)) if first_pass else computed[config.cache]:
                held[i] = x[i], len(steps) + 1
            first_pass, scored = False, []
            for i in (i for i in block if x[i] == 7):
                seen = tuple(
                    (j, token, -1 if when == len(steps) + 1 else when)
                    for j, (token, when) in sorted(held.items())
                    if token != 7
                )
                logits = dllm.position_logits(i, seen, len(x))[:7].double()
                g = gumbel_noise(config.seed, torch.tensor([i]), torch.arange(7), 4 * len(steps))[0]
                p = (logits / (config.temperature or 1.0)).softmax(-1)
                token = int((p.log() + (g if config.temperature else 0)).argmax())
                scored.append((logits.softmax(-1)[token].item(), i, token))
            scored.sort(key=lambda entry: (-entry[0], entry[1]))
            if config.factor is None:
                count = sum(c >= config.threshold for c, _, _ in scored)
            else:
                passed = [(n + 2) * (1 - c) < config.factor for n, (c, _, _) in enumerate(scored)]
                count = max((n + 1 for n, yes in enumerate(passed) if yes), default=0)
            count = min(max(1, count), config.step_cap or len(x))
            steps.append(sorted((i, token) for _, i, token in scored[:count]))
            for i, token in steps[-1]:
                x[i] = token
    return steps


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([0.0, 0.3, 0.6, 1.0, None]),
    st.sampled_from([0.5, 1.0, 2.5]),
    st.sampled_from(["none", "prefix", "dual"]),
    st.sampled_from([None, 4, 5, 12, 30]),
    st.sampled_from([None, 2]),
    st.sampled_from([0.0, 1.0]),
    st.integers(0, 10**6),
)
def test_equals_the_naive_version(threshold, factor, cache, block, cap, temperature, key) -> None:
    rule = {"threshold": threshold, "factor": factor if threshold is None else None}
    config = FastDLLMConfig(
        **rule,
        cache=cache,
        block_length=block,
        step_cap=cap,
        temperature=temperature,
        top_p=1.0,
        seed=key,
        max_new_tokens=12,
    )
    dllm, _ = consistent_pair(key)
    prompt = toy_prompt(key)
    result = decode(dllm, prompt, config)
    committed = steps_of(result)
    assert committed == naive_fast_dllm(dllm, prompt.tolist(), config)
    assert result.dllm_forwards == len(committed)


@pytest.mark.parametrize("cache", ["none", "prefix", "dual"])
def test_a_threshold_that_nothing_passes_fills_a_token_at_a_time(cache) -> None:
    dllm, _ = consistent_pair(0, ends=())
    config = FastDLLMConfig(threshold=1.0, cache=cache, block_length=5, max_new_tokens=12)
    assert [len(i.accepted) for i in decode(dllm, toy_prompt(0), config).iterations] == [1] * 12


def test_a_cap_limits_what_a_step_fills() -> None:
    dllm, _ = consistent_pair(0, ends=())
    for cap, steps in ((None, 1), (12, 1), (5, 3), (1, 12)):
        config = FastDLLMConfig(
            threshold=0.0, cache="none", block_length=12, step_cap=cap, max_new_tokens=12
        )
        assert len(decode(dllm, toy_prompt(0), config).iterations) == steps


def test_blocks_behind_the_end_are_left() -> None:
    dllm, _ = consistent_pair(0, ends=(0, 1, 2, 3))
    config = FastDLLMConfig(block_length=4, max_new_tokens=12, cache="none")
    result = decode(dllm, toy_prompt(0), config)
    assert result.finished
    assert sum(len(i.accepted) for i in result.iterations) == 4


def sharp_joint(size: int, length: int, seed: int, sharpness: float) -> np.ndarray:
    joint = random_joint(size, length, seed=seed) ** sharpness
    return joint / joint.sum()


def agrees_with_the_joint(joint: np.ndarray, factor: float) -> tuple[bool, int]:
    """Whether all that a step keeps is the joint's most likely choice, at every set seen.

    Also the most that one step keeps.
    """
    language, n = EnumerableLanguage(joint), joint.ndim
    config, right, most = FastDLLMFactorConfig(factor=factor), True, 0
    for state in itertools.product([None, *range(joint.shape[0])], repeat=n):
        masked = [i for i in range(n) if state[i] is None]
        slab = joint[tuple(slice(None) if token is None else token for token in state)]
        if not masked or slab.sum() == 0:
            continue
        rows = language.marginals(state)[masked]
        chosen = confident(torch.from_numpy(rows.max(axis=1)), config).tolist()
        others = tuple(axis for axis in range(len(masked)) if axis not in chosen)
        best = np.unravel_index(slab.sum(axis=others).argmax(), slab.sum(axis=others).shape)
        right &= tuple(int(i) for i in best) == tuple(rows[chosen].argmax(axis=1).tolist())
        most = max(most, len(chosen))
    return right, most


def test_with_a_factor_of_one_a_step_keeps_the_most_likely_choice() -> None:
    results = [agrees_with_the_joint(sharp_joint(3, 4, seed, 6.0), 1.0) for seed in range(15)]
    assert all(right for right, _ in results)
    assert max(most for _, most in results) >= 3  # the theorem is about something


def test_with_a_larger_factor_it_need_not() -> None:
    wrong = np.array([[0.2, 0.35], [0.35, 0.1]])
    assert not agrees_with_the_joint(wrong, 2.0)[0]


@pytest.mark.parametrize("threshold", [0.0, 0.6, 1.0])
def test_the_law_of_samples_is_not_the_joint(threshold) -> None:
    language = EnumerableLanguage(random_joint(3, 3, seed=4))
    config = FastDLLMConfig(threshold=threshold)

    def choose(rows, drawn):
        confidence = torch.from_numpy(rows[np.arange(len(drawn)), drawn])
        return confident(confidence, config).tolist()

    law = unmasking_law(language, choose)
    assert law.sum() == pytest.approx(1)
    if threshold == 0.0:  # all at once: the product of the marginals
        rows = language.marginals([None] * 3)
        np.testing.assert_allclose(law, np.einsum("i,j,k->ijk", *rows), atol=1e-12)
    # the order of confidence looks at the tokens drawn, so that even single tokens are biased
    assert total_variation(law, language.joint) > 1e-3


def test_the_decoder_follows_the_enumerated_choice() -> None:
    language = EnumerableLanguage(random_joint(2, 3, seed=4))
    dllm = TableDiffusionLM(language)
    config = FastDLLMConfig(
        threshold=0.7, cache="none", temperature=1.0, top_p=1.0, max_new_tokens=3
    )

    def choose(rows, drawn):
        return confident(torch.from_numpy(rows[np.arange(len(drawn)), drawn]), config).tolist()

    def one(seed):
        return decode(dllm, torch.tensor([2]), replace(config, seed=seed))

    law = unmasking_law(language, choose)
    assert_sampled_from(law, frequencies(one, 300, law.shape), 300)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"threshold": 1.5}, "threshold=1.5 is not allowed: it must be in"),
        ({"threshold": None}, "threshold=None is not allowed: it must be in .* without a factor"),
        ({"factor": 1.0}, "threshold=0.9 is not allowed: it must be None with a factor; set only"),
        ({"threshold": None, "factor": 0.0}, "factor=0.0 is not allowed: it must be a number > 0"),
        ({"cache": "triple"}, "cache='triple' is not allowed: it must be one of none, prefix"),
        ({"step_cap": 0}, "step_cap=0 is not allowed: it must be None or an integer >= 1"),
        ({"block_length": 0}, "block_length=0 is not allowed: it must be None or an integer"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_one_line(wrong, message) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        FastDLLMConfig(**wrong)
    assert "\n" not in str(caught.value)
