"""A batch decodes every prompt exactly as it would be decoded alone."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_models import consistent_pair, toy_prompt

from apd.decoding import (
    AdaptiveConfig,
    AnyOrderConfig,
    AutoregressiveConfig,
    LeftToRightConfig,
    adaptive,
    adaptive_batch,
    any_order,
    any_order_batch,
    autoregressive,
    autoregressive_batch,
    left_to_right,
    left_to_right_batch,
)
from apd.models import load_pair


def trace(result):
    return result.tokens, [(i.draft, i.target, i.accepted, i.positions) for i in result.iterations]


@settings(max_examples=40, deadline=None)
@given(
    key=st.integers(0, 1000),
    size=st.integers(1, 5),
    weight=st.sampled_from([0.0, 0.5, 1.0]),
    kv_window=st.sampled_from([None, 2]),
    lookahead=st.sampled_from([None, 4]),
    noise=st.sampled_from(["fresh", "position"]),
    chunk=st.sampled_from([None, 1, 3]),
)
def test_adaptive(key, size, weight, kv_window, lookahead, noise, chunk):
    dllm, verifier = consistent_pair(key, error=0.5)
    config = AdaptiveConfig(
        mixture_weight=weight,
        kv_window=kv_window,
        max_lookahead=lookahead,
        noise=noise,
        verify_chunk=chunk,
        temperature=1.0,
        max_new_tokens=12,
    )
    prompts, seeds = [toy_prompt(key + i) for i in range(size)], list(range(size))
    together = adaptive_batch(dllm, verifier, prompts, config, seeds)
    for prompt, seed, result in zip(prompts, seeds, together, strict=True):
        alone = adaptive(dllm, verifier, prompt, seeded(config, seed))
        assert trace(result) == trace(alone)
        assert result.dllm_forwards == alone.dllm_forwards
        assert result.verifier_forwards == alone.verifier_forwards


def seeded(config, seed):
    return type(config)(**{**vars(config), "seed": seed})


@pytest.mark.parametrize("seed", range(5))
def test_the_other_decoders(seed):
    dllm, verifier = consistent_pair(seed)
    prompts = [toy_prompt(10 * seed + i) for i in range(4)]
    seeds = [3, 1, 4, 1]
    calls = [
        (left_to_right, left_to_right_batch, dllm, LeftToRightConfig(tokens_per_step=2)),
        (any_order, any_order_batch, dllm, AnyOrderConfig(order="entropy", num_steps=4)),
        (autoregressive, autoregressive_batch, verifier, AutoregressiveConfig()),
    ]
    for single, batch, model, config in calls:
        config = type(config)(**{**vars(config), "temperature": 1.0, "max_new_tokens": 8})
        results = batch(model, prompts, config, seeds)
        for prompt, own_seed, result in zip(prompts, seeds, results, strict=True):
            assert trace(result) == trace(single(model, prompt, seeded(config, own_seed)))


def test_a_seed_for_each_prompt():
    dllm, verifier = consistent_pair(0)
    with pytest.raises(ValueError, match="1 seeds for 2 prompts"):
        adaptive_batch(dllm, verifier, [toy_prompt(0)] * 2, AdaptiveConfig(), [0])


def test_no_prompts_no_results():
    dllm, verifier = consistent_pair(0)
    assert adaptive_batch(dllm, verifier, [], AdaptiveConfig()) == []


@pytest.mark.parametrize("kv_window", [None, 8])
def test_on_the_trained_pair(kv_window):
    """Real transformers: ragged prompts, packed passes, caches of different lengths."""
    pair = load_pair("mini")
    questions = [
        "Tom has 3 apples and buys 4 more. How many apples does Tom have?",
        "Anna reads 12 pages a day. How many pages does she read in 5 days?",
        "What is 17 + 25?",
    ]
    prompts = [pair.encode_chat(q) for q in questions]
    config = AdaptiveConfig(
        mixture_weight=0.5, kv_window=kv_window, max_lookahead=24, noise="position",
        max_new_tokens=48,
    )  # fmt: skip
    together = adaptive_batch(pair.dllm, pair.verifier, prompts, config, [0, 1, 2])
    for seed, (prompt, result) in enumerate(zip(prompts, together, strict=True)):
        alone = adaptive(pair.dllm, pair.verifier, prompt, seeded(config, seed))
        assert torch.equal(torch.tensor(result.tokens), torch.tensor(alone.tokens))
