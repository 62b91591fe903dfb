"""Whole decodes against each other: APD, the plain baseline, K = 1, the autoregressive model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from apd.benchmarks.models import BenchModels, word_problems
from apd.benchmarks.settings import BenchSettings
from apd.benchmarks.timing import Task, ratio, spread, take_turns
from apd.decoding import AdaptiveConfig, adaptive, autoregressive, left_to_right
from apd.errors import ApdError
from apd.models import Pair

SAMPLING = "one prompt after another, batch 1"


def compare_decoders(pair: Pair, settings: BenchSettings) -> dict[str, Any]:
    """Tokens per second of APD relative to the baseline, to K = 1 and to the large AR model.

    Returns:
        One entry for each ratio, the tokens per second of every decoder, the share of APD's wall
        time in forward passes, and tokens per iteration.

    Raises:
        ApdError: the baseline produces other tokens than APD, so the ratio would mean nothing.
    """
    models = BenchModels.of(pair)
    prompts = word_problems(pair, settings.problems)
    check_same_tokens(models, prompts, settings)
    shares: list[float] = []
    lengths: list[float] = []
    tasks = decode_tasks(pair, prompts, settings, shares, lengths)
    tasks["baseline"] = _plain_baseline(models, prompts, settings.adaptive())
    speeds = take_turns(tasks, settings.rounds)
    rounds = settings.rounds
    found: dict[str, Any] = {
        "apd_over_baseline": ratio(speeds["apd"], speeds["baseline"]).as_dict(),
        "apd_over_one_token": ratio(speeds["apd"], speeds["one_token"]).as_dict(),
    }
    if "autoregressive" in speeds:
        against = ratio(speeds["apd"], speeds["autoregressive"])
        found["apd_over_autoregressive"] = against.as_dict()
    found["forward_share"] = spread(shares[-rounds:]).as_dict()
    found["tokens_per_iteration"] = spread(lengths[-rounds:]).as_dict()
    found["tokens_per_s"] = {name: spread(values).as_dict() for name, values in speeds.items()}
    return found


def check_same_tokens(models: BenchModels, prompts: list[Tensor], settings: BenchSettings) -> None:
    """APD and the baseline must decode the same tokens from every prompt."""
    config = settings.adaptive()
    for number, prompt in enumerate(prompts):
        ours = adaptive(models.dllm, models.verifier, prompt, config).tokens
        if models.plainly(prompt, config).tokens != ours:
            raise ApdError(
                f"baseline and package decode different tokens from problem {number}: compare "
                "times only in float32, where they agree (--dtype float32)"
            )


def decode_tasks(
    pair: Pair,
    prompts: list[Tensor],
    settings: BenchSettings,
    shares: list[float],
    lengths: list[float],
) -> dict[str, Task]:
    """Decode all prompts once and return tokens per second, for each decoder by name.

    Args:
        shares, lengths: receive APD's share of wall time in passes, and tokens per iteration.
    """
    models, config = BenchModels.of(pair), settings.adaptive()

    def apd() -> float:
        results = [adaptive(models.dllm, models.verifier, prompt, config) for prompt in prompts]
        wall = sum(result.wall_s for result in results)
        shares.append(sum(result.dllm_s + result.verifier_s for result in results) / wall)
        tokens = sum(result.generated_tokens for result in results)
        lengths.append(tokens / sum(len(result.iterations) for result in results))
        return tokens / wall

    one_token = settings.one_token()
    tasks: dict[str, Task] = {
        "apd": apd,
        "one_token": _total(lambda prompt: left_to_right(models.dllm, prompt, one_token), prompts),
    }
    for large in list(pair.baselines.values())[:1]:
        decode = _autoregressive(large, settings.autoregressive())
        tasks["autoregressive"] = _total(decode, prompts)
    return tasks


def _plain_baseline(models: BenchModels, prompts: list[Tensor], config: AdaptiveConfig) -> Task:
    """Tokens per second of the plain baseline."""

    def run() -> float:
        results = [models.plainly(prompt, config) for prompt in prompts]
        return sum(len(r.tokens) for r in results) / sum(r.wall_s for r in results)

    return run


def _autoregressive(model: Any, config: Any) -> Callable[[Tensor], Any]:
    return lambda prompt: autoregressive(model, prompt, config)


def _total(decode: Callable[[Tensor], Any], prompts: list[Tensor]) -> Task:
    """Tokens per second of decoding all prompts."""

    def run() -> float:
        results = [decode(prompt) for prompt in prompts]
        wall = sum(result.wall_s for result in results)
        return sum(result.generated_tokens for result in results) / wall

    return run
