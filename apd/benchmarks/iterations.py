"""The time of one iteration, taken from the trace of a decode that is cut short."""

from __future__ import annotations

import statistics
from itertools import islice
from typing import Any

from torch import Tensor

from apd.benchmarks.models import BenchModels
from apd.benchmarks.settings import BenchSettings
from apd.benchmarks.timing import ratio, take_turns
from apd.benchmarks.wide_vocabulary import LABEL
from apd.decoding import AdaptiveConfig, Iteration, Stream
from apd.decoding.adaptive import adaptive_steps
from apd.models import Pair


def first_iterations(
    models: BenchModels, prompt: Tensor, config: AdaptiveConfig, count: int
) -> list[Iteration]:
    """The first `count` iterations of a decode (fewer if it ends before)."""
    decode = Stream(adaptive_steps, (models.dllm, models.verifier), prompt, config)
    return list(islice(decode, count))


def iteration_seconds(
    models: BenchModels, prompt: Tensor, config: AdaptiveConfig, count: int
) -> float:
    """Median time of iterations 1, 2, ... up to `count`; the first fills the caches."""
    later = first_iterations(models, prompt, config, count)[1:]
    return statistics.median(duration(iteration) for iteration in later)


def duration(iteration: Iteration) -> float:
    """Seconds of an iteration, inside the models and outside."""
    return iteration.dllm_s + iteration.verifier_s + iteration.rest_s


def compare_wide(wide: Pair, settings: BenchSettings) -> dict[str, Any]:
    """Time per iteration of the baseline over the package's, with a real vocabulary.

    Both decode the same prompt with the same noise; the first iteration is not counted.

    Args:
        wide: the pair of `wide_models`.
        settings: R, W, M and repetitions.
    """
    models = BenchModels.of(wide).endless()
    prompt = wide.encode_chat("Tom has 3 apples and buys 4 more. How many has he?")
    config, count = settings.adaptive(), settings.wide_iterations
    accepted: list[float] = []

    def ours() -> float:
        later = first_iterations(models, prompt, config, count)[1:]
        accepted.extend(len(iteration.accepted) for iteration in later)
        return statistics.median(duration(iteration) for iteration in later)

    def plain() -> float:
        return statistics.median(models.plainly(prompt, config, count).seconds[1:])

    times = take_turns({"ours": ours, "plain": plain}, settings.rounds, warm_up=False)
    return {
        **ratio(times["plain"], times["ours"]).as_dict(),
        "label": LABEL,
        "vocabulary": wide.dllm.vocab_size,
        "baseline_ms": 1e3 * statistics.median(times["plain"]),
        "apd_ms": 1e3 * statistics.median(times["ours"]),
        "tokens_per_iteration": statistics.fmean(accepted),
    }
