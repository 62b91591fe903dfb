"""Settings that make no sense are refused when they are made, with a message that helps."""

from dataclasses import FrozenInstanceError
from typing import Any

import pytest
import torch
from toy_models import consistent_pair

from apd.decoding import (
    AdaptiveConfig,
    AnyOrderConfig,
    AutoregressiveConfig,
    LeftToRightConfig,
    SamplingConfig,
    adaptive,
    any_order,
    autoregressive,
    left_to_right,
)

NAN, INF = float("nan"), float("inf")
EVERYWHERE = [AdaptiveConfig, LeftToRightConfig, AnyOrderConfig, AutoregressiveConfig]


@pytest.mark.parametrize("config", EVERYWHERE)
@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("noise", "shared", "fresh, position"),
        *[("temperature", value, "finite number >= 0") for value in (-0.1, NAN, INF, "1", True)],
        *[("top_p", value, r"\(0, 1\]") for value in (0.0, 1.01, -1, NAN, None)],
        *[("seed", value, "integer >= 0") for value in (-1, 0.5, None, True)],
        *[("max_new_tokens", value, "integer >= 1") for value in (0, -3, 2.0, None)],
    ],
)
def test_sampling_settings(
    config: type[SamplingConfig], name: str, value: Any, allowed: str
) -> None:
    with pytest.raises(ValueError, match=rf"{name}=.*must be .*{allowed}.*; "):
        config(**{name: value})


@pytest.mark.parametrize(
    ("config", "values", "message"),
    [
        *[(AdaptiveConfig, {"mixture_weight": v}, r"in \[0, 1\]") for v in (-0.1, 1.1, NAN, "a")],
        (AdaptiveConfig, {"acceptance": "always"}, "gumbel, greedy, independent, maximal"),
        *[(AdaptiveConfig, {"kv_window": v}, "kv_window=.*integer >= 1") for v in (0, -1, 1.5)],
        *[(LeftToRightConfig, {"max_lookahead": v}, "max_lookahead=.*>= 1") for v in (0, True)],
        (LeftToRightConfig, {"tokens_per_step": 0}, "tokens_per_step=0"),
        (LeftToRightConfig, {"tokens_per_step": 5, "max_lookahead": 4}, "<= max_lookahead=4"),
        (AnyOrderConfig, {"order": "origin"}, "random, confidence, margin, entropy"),
        (AnyOrderConfig, {"block_length": 7}, "divisor of max_new_tokens=256"),
        (AnyOrderConfig, {"block_length": 0}, "block_length=0"),
        (AnyOrderConfig, {"num_steps": 257}, "at most 256"),
        (AnyOrderConfig, {"num_steps": 0}, "num_steps=0"),
        (AnyOrderConfig, {"num_steps": 6, "block_length": 64}, "multiple of 4"),
        (AnyOrderConfig, {"threshold": 1.5}, r"threshold=1.5.*\[0, 1\]"),
        (AnyOrderConfig, {"threshold": 0.9, "order": "entropy"}, "change order='entropy'"),
        (AnyOrderConfig, {"threshold": 0.9, "num_steps": 8}, "only one of the two"),
    ],
)
def test_decoder_settings(
    config: type[SamplingConfig], values: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        config(**values)


def test_settings_of_another_decoder_do_not_exist() -> None:
    settings: tuple[tuple[Any, str], ...] = (
        (LeftToRightConfig, "mixture_weight"),
        (AdaptiveConfig, "tokens_per_step"),
        (AnyOrderConfig, "kv_window"),
        (AutoregressiveConfig, "max_lookahead"),
    )
    for config, name in settings:
        with pytest.raises(TypeError, match=name):
            config(**{name: 1})


def test_settings_are_frozen_and_default_to_the_papers() -> None:
    config = AdaptiveConfig()
    assert isinstance(config, SamplingConfig)
    assert (config.mixture_weight, config.kv_window, config.max_lookahead) == (0.7, None, None)
    assert (config.acceptance, config.noise) == ("gumbel", "fresh")
    assert (config.temperature, config.top_p, config.max_new_tokens) == (0.2, 0.95, 256)
    with pytest.raises(FrozenInstanceError):
        config.seed = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    "prompt",
    [
        torch.tensor([], dtype=torch.long),
        torch.tensor([[1, 2]]),
        torch.tensor(1),
        torch.tensor([1.0]),
        torch.tensor([True]),
    ],
)
def test_malformed_prompts_are_refused(prompt: torch.Tensor) -> None:
    dllm, verifier = consistent_pair(0)
    calls = (
        lambda: adaptive(dllm, verifier, prompt, AdaptiveConfig()),
        lambda: left_to_right(dllm, prompt, LeftToRightConfig()),
        lambda: any_order(dllm, prompt, AnyOrderConfig()),
        lambda: autoregressive(verifier, prompt, AutoregressiveConfig()),
    )
    for call in calls:
        with pytest.raises(ValueError, match=r"prompt_ids=.*one-dimensional integer tensor"):
            call()
