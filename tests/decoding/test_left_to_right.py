"""Fixed-K and autoregressive decoding: what is drawn, from which law, in which passes."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_models import MarkovDiffusion, consistent_pair, toy_prompt

from apd.coupling import gumbel_noise
from apd.decoding import (
    AutoregressiveConfig,
    LeftToRightConfig,
    Noise,
    autoregressive,
    left_to_right,
)

torch.set_num_threads(1)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(1, 6),
    st.sampled_from([None, 6, 9]),
    st.sampled_from(["fresh", "position"]),
    st.sampled_from([0.5, 0.9, 1.0]),
)
def test_draws_k_tokens_from_the_marginals_of_each_pass(
    key: int, k: int, lookahead: int | None, noise: Noise, top_p: float
) -> None:
    dllm, _ = consistent_pair(key, ends=(), feels_length=True)
    prompt = toy_prompt(key)
    config = LeftToRightConfig(
        tokens_per_step=k,
        max_lookahead=lookahead,
        noise=noise,
        temperature=0.7,
        top_p=top_p,
        seed=key,
        max_new_tokens=10,
    )
    result = left_to_right(dllm, prompt, config)
    x, n, steps = prompt.tolist(), len(prompt) + 10, 0
    while len(x) < n:
        t = len(x)
        stop = n if lookahead is None else min(t + lookahead, n)
        logits = dllm.canvas_logits(torch.tensor(x + [7] * (stop - t)))[t : t + k, :7]
        for i, row in enumerate(logits.double()):
            p = (row / 0.7).softmax(-1)
            mass_of_likelier = (p[None, :] * (p[None, :] > p[:, None])).sum(-1)
            draw = 4 * steps if noise == "fresh" else 0
            g = gumbel_noise(key, torch.tensor([t + i]), torch.arange(7), draw)[0]
            x.append(int((p.log() + g).where(mass_of_likelier < top_p, -torch.inf).argmax()))
        steps += 1
    assert list(result.tokens) == x[len(prompt) :]
    assert [len(i.accepted) for i in result.iterations] == [
        min(k, 10 - done) for done in range(0, 10, k)
    ]
    assert result.dllm_forwards == steps
    assert result.verifier_forwards == 0
    assert all(i.target is None and i.draft == i.accepted for i in result.iterations)


def test_independent_marginals_break_what_one_by_one_keeps_together() -> None:
    copies = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.5, 0.5, 0.0]])
    dllm = MarkovDiffusion(4, frozenset(), transition=copies)

    def broken(k: int) -> int:
        shared: dict[str, Any] = {"temperature": 1.0, "top_p": 1.0, "max_new_tokens": 2}
        configs = [LeftToRightConfig(tokens_per_step=k, seed=s, **shared) for s in range(40)]
        runs = [left_to_right(dllm, torch.tensor([2]), config).tokens for config in configs]
        return sum(first != second for first, second in runs)

    assert broken(1) == 0
    assert 8 <= broken(2) <= 32  # half of 40 expected


@pytest.mark.parametrize("noise", ["fresh", "position"])
@pytest.mark.parametrize("temperature", [0.0, 0.5])
def test_one_token_per_step_is_autoregressive_sampling(noise: Noise, temperature: float) -> None:
    shared: dict[str, Any] = {
        "noise": noise,
        "temperature": temperature,
        "top_p": 0.9,
        "max_new_tokens": 12,
    }
    for key in range(20):
        dllm, verifier = consistent_pair(key)
        one_by_one = left_to_right(dllm, toy_prompt(key), LeftToRightConfig(seed=key, **shared))
        sampled = autoregressive(
            verifier, toy_prompt(key), AutoregressiveConfig(seed=key, **shared)
        )
        assert sampled.tokens == one_by_one.tokens
        assert sampled.generated_tokens == sampled.generated_tokens_reference
        assert sampled.verifier_forwards == len(sampled.iterations) == sampled.generated_tokens
        assert sampled.dllm_forwards == 0


def test_noise_kinds_are_different_fields_after_the_first_iteration() -> None:
    dllm, _ = consistent_pair(1, ends=())
    shared: dict[str, Any] = {"temperature": 2.0, "max_new_tokens": 12}
    runs = [
        left_to_right(dllm, toy_prompt(1), LeftToRightConfig(noise=noise, **shared)).tokens
        for noise in ("fresh", "position")
    ]
    assert runs[0][0] == runs[1][0]
    assert runs[0] != runs[1]


def test_seed_decides_the_tokens() -> None:
    _, model = consistent_pair(1, ends=())
    shared: dict[str, Any] = {"temperature": 2.0, "max_new_tokens": 12}
    runs = [
        autoregressive(model, toy_prompt(1), AutoregressiveConfig(seed=seed, **shared))
        for seed in (0, 0, 1)
    ]
    assert runs[0].tokens == runs[1].tokens != runs[2].tokens
