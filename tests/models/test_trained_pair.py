"""The promises of the decoders on the shipped, trained pair: equal to the naive one, and useful."""

from dataclasses import replace

import pytest
import torch
from naive_apd import naive_apd

from apd.decoding import (
    AdaptiveConfig,
    AnyOrderConfig,
    AutoregressiveConfig,
    LeftToRightConfig,
    adaptive,
    any_order,
    autoregressive,
    left_to_right,
)
from apd.models import load_pair
from apd.tasks import load_task

SETTINGS = {"temperature": 0.2, "top_p": 0.95, "max_new_tokens": 32}


@pytest.fixture(scope="module")
def pair():
    return load_pair("mini", device="cpu", dtype="float32", baselines=True)


@pytest.fixture(scope="module")
def prompts(pair):
    return load_task("mini_gsm").prompts(pair, 50)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mixture_weight", "acceptance", "noise", "seed"),
    [(0.5, "gumbel", "position", 0), (0.8, "gumbel", "fresh", 1), (0.3, "greedy", "fresh", 2)],
)
def test_the_decoder_equals_the_naive_one_on_fifty_prompts(
    pair, prompts, mixture_weight, acceptance, noise, seed
):
    config = AdaptiveConfig(
        mixture_weight=mixture_weight, acceptance=acceptance, noise=noise, **SETTINGS
    )
    for index, prompt in enumerate(prompts):
        seeded = replace(config, seed=1000 * seed + index)
        result = adaptive(pair.dllm, pair.verifier, prompt, seeded)
        tokens, counts = naive_apd(pair.dllm, pair.verifier, prompt, seeded)
        assert list(result.tokens) == tokens
        assert [len(i.accepted) for i in result.iterations] == counts


@pytest.fixture(scope="module")
def llada():
    return load_pair("mini-llada", device="cpu", dtype="float32")


@pytest.mark.parametrize("name", ["apd", "left_to_right", "entropy", "autoregressive", "llada"])
def test_every_decoder_solves_the_first_problems(pair, llada, name):
    settings = {"max_new_tokens": 128}
    used = llada if name == "llada" else pair
    decoders = {
        "apd": lambda p: adaptive(pair.dllm, pair.verifier, p, AdaptiveConfig(**settings)),
        "left_to_right": lambda p: left_to_right(pair.dllm, p, LeftToRightConfig(**settings)),
        "entropy": lambda p: any_order(pair.dllm, p, AnyOrderConfig(order="entropy", **settings)),
        "autoregressive": lambda p: autoregressive(
            pair.baselines["mini-qwen-large"], p, AutoregressiveConfig(**settings)
        ),
        "llada": lambda p: left_to_right(llada.dllm, p, LeftToRightConfig(**settings)),
    }
    task = load_task("mini_gsm")
    rows, prompts = task.rows[:20], task.prompts(used, 20)
    right = [task.score(row, decoders[name](p).text) for row, p in zip(rows, prompts, strict=True)]
    # Decoding in any order is less accurate, as in Table 1.
    assert sum(right) >= (14 if name == "entropy" else 16)


def test_windows_and_lookaheads_of_full_length_change_no_token(pair, prompts):
    config = AdaptiveConfig(mixture_weight=0.6, noise="position", **SETTINGS)
    for prompt in prompts[:8]:
        full = adaptive(pair.dllm, pair.verifier, prompt, config)
        for change in ({"kv_window": 512}, {"max_lookahead": 32}, {"max_lookahead": 500}):
            assert adaptive(pair.dllm, pair.verifier, prompt, replace(config, **change)).tokens == (
                full.tokens
            )


def test_one_token_lookahead_is_left_to_right(pair, prompts):
    for prompt in prompts[:8]:
        one = AdaptiveConfig(max_lookahead=1, noise="position", seed=3, **SETTINGS)
        fixed = LeftToRightConfig(tokens_per_step=1, max_lookahead=1, seed=3, **SETTINGS)
        assert adaptive(pair.dllm, pair.verifier, prompt, one).tokens == (
            left_to_right(pair.dllm, prompt, fixed).tokens
        )


def test_full_trust_without_nucleus_accepts_a_whole_lookahead_at_once(pair, prompts):
    config = AdaptiveConfig(
        mixture_weight=1.0, temperature=0.2, top_p=1.0, max_new_tokens=32, noise="position"
    )
    for prompt in prompts[:8]:
        result = adaptive(pair.dllm, pair.verifier, prompt, config)
        assert len(result.iterations) == 1 and len(result.iterations[0].accepted) == 32


def test_verifier_as_target_with_position_noise_is_autoregressive_sampling(pair, prompts):
    """R = 0 with top-p = 1 and shared noise: argmax(log p̂_AR + g) at every accepted position."""
    settings = {"temperature": 1.0, "top_p": 1.0, "max_new_tokens": 24}
    for seed, prompt in enumerate(prompts[:8]):
        config = AdaptiveConfig(mixture_weight=0.0, noise="position", seed=seed, **settings)
        result = adaptive(pair.dllm, pair.verifier, prompt, config)
        for iteration in result.iterations:
            agreed = len(iteration.accepted)
            assert iteration.target[1:agreed] == iteration.accepted[1:agreed]
            tokens = prompt.tolist() + list(result.tokens[: iteration.start - len(prompt)])
            first_agrees = (
                iteration.target[0]
                == autoregressive(
                    pair.verifier,
                    torch.tensor(tokens),
                    AutoregressiveConfig(seed=seed, **{**settings, "max_new_tokens": 1}),
                ).tokens[0]
            )
            assert first_agrees
