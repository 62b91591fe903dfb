"""Lossless self-speculation: left to right's text, in fewer passes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_checkpoints import random_ids, tiny_dream, tiny_llada, tiny_tokenizer
from toy_models import ScriptedDiffusion, consistent_pair, toy_prompt

from apd.decoding import LeftToRightConfig, left_to_right
from apd.decoding.registry import decoder
from apd.decoding.self_speculative import SelfSpeculativeConfig
from apd.models.diffusion import MaskedDiffusionLM

torch.set_num_threads(1)


def decode(dllm, prompt, config):
    return decoder("self_speculative").decode([dllm], prompt, config)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([0.0, 0.7, 1.5]),
    st.sampled_from([0.6, 1.0]),
    st.sampled_from([1, 2, 5, 20]),
    st.sampled_from([0.3, 1.0]),
    st.integers(0, 10**6),
)
def test_it_is_left_to_right_token_for_token(temperature, top_p, length, bond, key) -> None:
    dllm, _ = consistent_pair(key, bond=bond)
    prompt = toy_prompt(key)
    shared = {"temperature": temperature, "top_p": top_p, "seed": key, "max_new_tokens": 12}
    fast = decode(dllm, prompt, SelfSpeculativeConfig(draft_length=length, **shared))
    slow = left_to_right(dllm, prompt, LeftToRightConfig(**shared))
    assert fast.tokens == slow.tokens
    assert fast.finished == slow.finished
    assert fast.dllm_forwards == len(fast.iterations) <= len(slow.iterations)


@pytest.mark.parametrize("family", [tiny_dream, tiny_llada], ids=["dream", "llada"])
def test_on_transformers_too(family) -> None:
    dllm = MaskedDiffusionLM(family(), tiny_tokenizer(), frozenset({0}))
    prompt = random_ids(6, seed=2)
    shared = {"temperature": 1.0, "max_new_tokens": 14, "seed": 1}
    fast = decode(dllm, prompt, SelfSpeculativeConfig(draft_length=4, **shared))
    assert fast.tokens == left_to_right(dllm, prompt, LeftToRightConfig(**shared)).tokens


def test_a_draft_that_is_right_is_kept_as_a_whole_with_one_token_more() -> None:
    script = (1, 2, *(1 + i % 6 for i in range(12)))
    dllm = ScriptedDiffusion(8, frozenset({0}), script=script)
    config = SelfSpeculativeConfig(draft_length=4, max_new_tokens=12, temperature=1.0)
    result = decode(dllm, torch.tensor([1, 2]), config)
    assert [len(i.accepted) for i in result.iterations] == [1, 5, 5, 1]
    assert result.tokens == script[2:]
    assert result.dllm_forwards == 4


def test_it_saves_passes_where_tokens_hardly_depend_on_each_other() -> None:
    dllm, _ = consistent_pair(3, bond=0.05, ends=())
    config = SelfSpeculativeConfig(draft_length=5, max_new_tokens=12, temperature=1.0)
    assert len(decode(dllm, toy_prompt(3), config).iterations) < 8


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"draft_length": 0}, "draft_length=0 is not allowed: it must be an integer >= 1"),
        ({"noise": "fresh"}, "noise='fresh' is not allowed: it must be position; with fresh"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_one_line(wrong, message) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        SelfSpeculativeConfig(**wrong)
    assert "\n" not in str(caught.value)
