"""Throughput of APD against the number of prompts that are decoded together, by every engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from apd.benchmarks.models import BenchModels, word_problems
from apd.benchmarks.settings import BenchSettings
from apd.benchmarks.timing import ratio, seconds, spread, take_turns
from apd.decoding import adaptive_batch
from apd.models import Pair
from apd.models.onnx_pass import Engine

SIZES = (1, 2, 4, 8, 16, 32, 64)
QUICK_SIZES = (1, 8)


def measure_batches(pairs: Mapping[Engine, Pair], settings: BenchSettings) -> dict[str, Any]:
    """Tokens per second of the whole batch at every size, and relative to one prompt at a time.

    All sizes decode the same prompts with the same noise, so many at a time as they hold; prompts
    and answers are of different lengths.

    Args:
        pairs: the models by engine, torch among them.
        settings: R, W, M and repetitions.

    Returns:
        ``sizes``, and by engine ``tokens_per_s``, ``over_one_at_a_time`` and ``over_torch``.
    """
    sizes = QUICK_SIZES if settings.quick else SIZES
    prompts = word_problems(pairs["torch"], max(sizes))
    tasks = {
        f"{engine} {size}": _task(BenchModels.of(pair), prompts, size, settings)
        for engine, pair in pairs.items()
        for size in sizes
    }
    speeds = take_turns(tasks, settings.sweep_rounds)
    found: dict[str, Any] = {"sizes": list(sizes)}
    for engine in pairs:
        of_sizes = [speeds[f"{engine} {size}"] for size in sizes]
        in_torch = [speeds[f"torch {size}"] for size in sizes]
        alone = speeds[f"{engine} {sizes[0]}"]
        found[engine] = {
            "tokens_per_s": [spread(speed).median for speed in of_sizes],
            "over_one_at_a_time": [ratio(speed, alone).as_dict() for speed in of_sizes],
            "over_torch": [ratio(*both).as_dict() for both in zip(of_sizes, in_torch, strict=True)],
        }
    return found


def _task(
    models: BenchModels, prompts: list[Tensor], size: int, settings: BenchSettings
) -> Callable[[], float]:
    config = settings.adaptive()

    def run() -> float:
        tokens = 0

        def decode() -> None:
            nonlocal tokens
            for first in range(0, len(prompts), size):
                group = prompts[first : first + size]
                results = adaptive_batch(models.dllm, models.verifier, group, config)
                tokens += sum(result.generated_tokens for result in results)

        elapsed = seconds(decode)
        return tokens / elapsed

    return run
