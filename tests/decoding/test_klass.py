"""KLASS: against a naive version, its two limits, and what it does not promise."""

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
from apd.decoding import AnyOrderConfig, any_order
from apd.decoding.klass import KLASSConfig
from apd.decoding.registry import decoder
from apd.exact import EnumerableLanguage

torch.set_num_threads(1)


def decode(dllm, prompt, config):
    return decoder("klass").decode([dllm], prompt, config)


def naive_klass(dllm: HashDiffusion, prompt: list[int], config: KLASSConfig) -> list[Step]:
    """What every step commits; V = 8, mask 7; all laws of all passes are kept."""
    x, P = prompt + [7] * config.max_new_tokens, len(prompt)
    steps: list[Step] = []
    laws: list[torch.Tensor] = []
    length = config.block_length or len(x)
    for start in range(P, len(x), length):
        block = range(start, min(start + length, len(x)))
        while any(x[i] == 7 for i in block):
            laws.append(dllm.canvas_logits(torch.tensor(x))[:, :7].double().softmax(-1))
            ready, scored = [], []
            for i in (i for i in block if x[i] == 7):
                log_p = laws[-1][i].log()
                draw = 4 * len(steps)
                g = gumbel_noise(config.seed, torch.tensor([i]), torch.arange(7), draw)[0]
                drawn = log_p / (config.temperature or 1.0)
                token = int((drawn + (g if config.temperature else 0)).argmax())
                confidence = laws[-1][i][token].item()
                pairs = list(zip(laws[1:], laws[:-1], strict=True))[-config.kl_history :]
                moved = [(now[i] * (now[i] / old[i]).log()).sum().item() for now, old in pairs]
                still = len(moved) == config.kl_history and max(moved) < config.kl_threshold
                if still and confidence > config.threshold:
                    ready.append((i, token))
                scored.append((-confidence, i, token))
            steps.append(ready or [min(scored)[1:]])
            for i, token in steps[-1]:
                x[i] = token
        if 0 in x[P:]:
            break
    return steps


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from([0.0, 0.3, 0.9]),
    st.sampled_from([0.0, 0.05, 0.5, 1e6]),
    st.sampled_from([1, 2, 3]),
    st.sampled_from([None, 4, 5]),
    st.sampled_from([0.0, 1.0]),
    st.integers(0, 10**6),
)
def test_equals_the_naive_version(threshold, movement, history, block, temperature, key) -> None:
    config = KLASSConfig(
        threshold=threshold,
        kl_threshold=movement,
        kl_history=history,
        block_length=block,
        temperature=temperature,
        top_p=1.0,
        seed=key,
        max_new_tokens=12,
    )
    dllm, _ = consistent_pair(key)
    prompt = toy_prompt(key)
    assert steps_of(decode(dllm, prompt, config)) == naive_klass(dllm, prompt.tolist(), config)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_where_no_law_counts_as_stable_it_is_the_order_of_confidence(temperature) -> None:
    dllm, _ = consistent_pair(1, ends=())
    shared = {"temperature": temperature, "max_new_tokens": 12, "seed": 3}
    klass = decode(dllm, toy_prompt(1), KLASSConfig(kl_threshold=0.0, threshold=0.0, **shared))
    ordered = any_order(dllm, toy_prompt(1), AnyOrderConfig(order="low_confidence", **shared))
    assert steps_of(klass) == steps_of(ordered)


def test_a_law_that_has_no_mass_at_some_tokens_can_be_stable() -> None:
    """A chain of copies of a fair coin: all is certain, and stays so, once one token is filled."""
    joint = np.zeros((2,) * 5)
    joint[(0,) * 5] = joint[(1,) * 5] = 0.5
    config = KLASSConfig(threshold=0.9, temperature=1.0, top_p=1.0, max_new_tokens=5)
    result = decode(TableDiffusionLM(EnumerableLanguage(joint)), torch.tensor([2]), config)
    # the law moves in the second pass and has not in the third and the fourth
    assert [len(step) for step in steps_of(result)] == [1, 1, 1, 2]


def test_it_writes_what_the_language_does_not_have() -> None:
    """x_2 = x_3 always: both laws are stable once x_1 is filled, and both are filled at once."""
    joint = np.zeros((2, 2, 2))
    joint[0, 0, 0] = joint[0, 1, 1] = 0.45
    joint[1, 0, 0] = joint[1, 1, 1] = 0.05
    dllm = TableDiffusionLM(EnumerableLanguage(joint))
    config = KLASSConfig(threshold=0.4, kl_history=1, temperature=1.0, top_p=1.0, max_new_tokens=3)

    def one(seed):
        return decode(dllm, torch.tensor([2]), replace(config, seed=seed))

    observed = frequencies(one, 60, joint.shape)
    assert observed[joint == 0].sum() > 0.1


def test_every_pass_fills_a_position_whatever_the_thresholds() -> None:
    dllm, _ = consistent_pair(0, ends=())
    config = KLASSConfig(threshold=1.0, kl_threshold=0.0, block_length=5, max_new_tokens=12)
    assert [len(step) for step in steps_of(decode(dllm, toy_prompt(0), config))] == [1] * 12


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"threshold": -0.1}, r"threshold=-0.1 is not allowed: it must be in \[0, 1\]"),
        ({"kl_threshold": -1.0}, "kl_threshold=-1.0 is not allowed: it must be a number >= 0"),
        ({"kl_history": 0}, "kl_history=0 is not allowed: it must be an integer >= 1"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_one_line(wrong, message) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        KLASSConfig(**wrong)
    assert "\n" not in str(caught.value)
