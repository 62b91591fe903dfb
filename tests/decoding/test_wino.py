"""WINO: against a naive version, its limit, its way out, and what it does not promise."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from committed_steps import Step, steps_of
from hypothesis import given, settings
from hypothesis import strategies as st
from table_models import TableDiffusionLM, frequencies
from toy_models import HashDiffusion, consistent_pair, toy_prompt

from apd.coupling import gumbel_noise
from apd.decoding.fast_dllm import FastDLLMConfig
from apd.decoding.registry import decoder
from apd.decoding.wino import WINOConfig
from apd.exact import EnumerableLanguage

torch.set_num_threads(1)


def decode(dllm, prompt, config):
    return decoder("wino").decode([dllm], prompt, config)


def naive_wino(
    dllm: HashDiffusion, prompt: list[int], config: WINOConfig
) -> tuple[list[Step], list[int]]:
    """What every step commits, and the canvas at the end; V = 8, mask 7, end 0.

    No row of the toy sees its own token, so that its canvas is its shadow as well.
    """
    x, P = prompt + [7] * config.max_new_tokens, len(prompt)
    steps: list[Step] = []
    length = config.block_length or len(x)
    for start in range(P, len(x), length):
        block = range(start, min(start + length, len(x)))
        last = 1
        while any(x[i] == 7 for i in block):
            laws = dllm.canvas_logits(torch.tensor(x))[:, :7].double().softmax(-1)
            masked = [i for i in block if x[i] == 7]
            scored, doubted = [], []
            for i in masked:
                g = gumbel_noise(config.seed, torch.tensor([i]), torch.arange(7), 4 * len(steps))[0]
                drawn = laws[i].log() / (config.temperature or 1.0)
                token = int((drawn + (g if config.temperature else 0)).argmax())
                scored.append((-laws[i][token].item(), i, token))
            for i in block:
                if x[i] != 7 and laws[i][x[i]] < config.verify_threshold:
                    doubted.append((laws[i][x[i]].item(), i))
            scored.sort()
            count = max(1, sum(-score > config.threshold for score, _, _ in scored))
            kept = scored[: min(count, 20, max(5, len(masked) * 7 // 10))]
            if len(kept) > 1:
                for _, i in sorted(doubted)[: last - 1]:
                    x[i] = 7
            for _, i, token in kept:
                x[i] = token
            last = len(kept)
            steps.append(sorted((i, token) for _, i, token in kept))
        if 0 in x[P:]:
            break
    return steps, x[P:]


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([0.0, 0.2, 0.4, 0.9]),
    st.sampled_from([0.0, 0.2, 0.5, 1.0]),
    st.sampled_from([None, 5, 9]),
    st.sampled_from([0.0, 1.0]),
    st.integers(0, 10**6),
)
def test_equals_the_naive_version(threshold, verify, block, temperature, key) -> None:
    config = WINOConfig(
        threshold=threshold,
        verify_threshold=verify,
        block_length=block,
        temperature=temperature,
        top_p=1.0,
        seed=key,
        max_new_tokens=12,
    )
    dllm, _ = consistent_pair(key)
    prompt = toy_prompt(key)
    result = decode(dllm, prompt, config)
    steps, text = naive_wino(dllm, prompt.tolist(), config)
    assert steps_of(result) == steps
    length = text.index(0) + 1 if 0 in text else 12
    assert list(result.tokens) == text[:length]
    assert result.finished == (0 in text)


def test_a_block_takes_at_most_as_many_passes_as_it_has_positions() -> None:
    """Even where every token is doubted in every pass."""
    again = 0
    for key in range(10):
        dllm, _ = consistent_pair(key, ends=())
        config = WINOConfig(threshold=0.0, verify_threshold=1.0, temperature=1.0, max_new_tokens=30)
        steps = steps_of(decode(dllm, toy_prompt(key), config))
        assert len(steps) <= 30
        again += sum(map(len, steps)) - 30
    assert again > 50  # tokens filled more than once


def test_where_nothing_is_verified_it_is_the_confidence_threshold_with_a_cap() -> None:
    dllm, _ = consistent_pair(1, ends=())
    shared = {"temperature": 1.0, "max_new_tokens": 7, "seed": 3, "block_length": 7}
    for threshold in (0.2, 0.4, 0.8):
        wino = decode(
            dllm, toy_prompt(1), WINOConfig(threshold=threshold, verify_threshold=0.0, **shared)
        )
        fast = decoder("fast_dllm").decode(
            [dllm],
            toy_prompt(1),
            FastDLLMConfig(threshold=threshold, cache="none", step_cap=5, **shared),
        )
        assert steps_of(wino) == steps_of(fast)


def test_a_stream_that_is_left_does_not_hold_tokens_that_were_masked_again() -> None:
    dllm, _ = consistent_pair(0, ends=())
    config = WINOConfig(threshold=0.0, verify_threshold=1.0, temperature=1.0, max_new_tokens=12)
    row, prompt = decoder("wino"), toy_prompt(0)
    stream = row.stream([dllm], prompt, config)
    _, second = next(stream), next(stream)
    filled = {i for it in stream.result.iterations for i in it.positions}
    now = len(stream.result.tokens)
    assert set(range(len(prompt), len(prompt) + now)) <= filled
    third = next(stream)
    refilled = set(third.positions) & filled
    assert refilled  # they were masked in between
    assert min(refilled) >= len(prompt) + now
    assert second.accepted


def test_an_end_that_is_masked_again_does_not_end_the_text() -> None:
    for key in range(40):
        dllm, _ = consistent_pair(key)
        config = WINOConfig(
            threshold=0.1, verify_threshold=0.9, temperature=1.0, max_new_tokens=12, block_length=6
        )
        result = decode(dllm, toy_prompt(key), config)
        written = 0 in [token for step in steps_of(result) for _, token in step]
        if written and not result.finished:
            assert result.generated_tokens == 12
            return
    raise AssertionError("no toy wrote an end and took it back")


def test_it_writes_what_the_language_does_not_have() -> None:
    """Both positions of a pair that never differs are filled at once, and then all is full."""
    joint = np.diag([0.5, 0.5])
    dllm = TableDiffusionLM(EnumerableLanguage(joint))
    config = WINOConfig(threshold=0.4, temperature=1.0, top_p=1.0, max_new_tokens=2)

    def one(seed):
        return decode(dllm, torch.tensor([2]), replace(config, seed=seed))

    observed = frequencies(one, 40, joint.shape)
    assert observed[joint == 0].sum() > 0.1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"threshold": 2}, r"threshold=2 is not allowed: it must be in \[0, 1\]"),
        ({"verify_threshold": -1}, r"verify_threshold=-1 is not allowed: it must be in \[0, 1\]"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_one_line(wrong, message) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        WINOConfig(**wrong)
    assert "\n" not in str(caught.value)
