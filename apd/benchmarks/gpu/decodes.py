"""Iterations of APD and of one token at a time against the autoregressive model of that size."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from itertools import islice
from typing import Any

import torch

from apd.benchmarks.gpu.clock import synchronize
from apd.benchmarks.models import BenchModels, any_prompt
from apd.benchmarks.seven_b import CANVAS, LOOKAHEAD, PROMPT, WINDOW
from apd.decoding import AdaptiveConfig, AutoregressiveConfig, LeftToRightConfig
from apd.decoding.adaptive import adaptive_steps
from apd.decoding.autoregressive import autoregressive_steps
from apd.decoding.left_to_right import left_to_right_steps
from apd.decoding.passes import Decode, drive
from apd.decoding.result import Iteration

BATCHES = (1, 8, 32)
WARM_UP = 3  # iterations, the first of which reads the prompt
WINDOWED: dict[str, Any] = {"kv_window": WINDOW, "max_lookahead": LOOKAHEAD}
CHUNK = 12  # positions drafted and verified at a time, as where five tokens are accepted
APD = AdaptiveConfig(
    max_new_tokens=CANVAS, mixture_weight=0.0, noise="position", verify_chunk=CHUNK, **WINDOWED
)


def measure_decodes(
    models: BenchModels,
    large: Any,
    iterations: int,
    batches: Sequence[int] = BATCHES,
    report: Callable[[list[dict[str, Any]]], None] = lambda rows: None,
) -> list[dict[str, Any]]:
    """Milliseconds of an iteration of the whole batch, inside passes and outside.

    Args:
        models: dLLM and verifier with random weights and no end tokens.
        large: an autoregressive model of the dLLM's shape.
        iterations: timed, after WARM_UP others.
        batches: sequences decoded together.
        report: is told the rows so far, after each.

    Returns:
        A row for each decoder and batch. APD is timed at R = 0 with chunks of CHUNK: random weights
        then accept one token, whose iteration costs what one that accepts five would, up to four
        positions. So `tokens_per_s` is a lower bound for APD; `over_autoregressive`, the time over
        that of an autoregressive token, is how many tokens it has to accept to be as fast.
    """
    rows: list[dict[str, Any]] = []
    pair = (models.dllm, models.verifier)
    plain = AutoregressiveConfig(max_new_tokens=CANVAS)
    single = LeftToRightConfig(max_new_tokens=CANVAS, **WINDOWED)
    decoders: dict[str, tuple[Any, tuple[Any, ...], Any]] = {
        "autoregressive": (autoregressive_steps, (large,), plain),
        "apd": (adaptive_steps, pair, APD),
        "one_token": (left_to_right_steps, (models.dllm,), single),
    }
    for batch in batches:
        for name, (loop, used, config) in decoders.items():
            row = time_iterations(loop, used, config, batch, iterations)
            rows.append({"decoder": name, "batch": batch, **row})
            rows[-1]["over_autoregressive"] = row["ms"] / _ms(rows, "autoregressive", batch)
            report(rows)
    return rows


def _ms(rows: list[dict[str, Any]], decoder: str, batch: int) -> float:
    (found,) = (r["ms"] for r in rows if (r["decoder"], r["batch"]) == (decoder, batch))
    return float(found)


def time_iterations(
    loop: Any, models: tuple[Any, ...], config: Any, batch: int, iterations: int
) -> dict[str, Any]:
    """Time iterations of `batch` decodes that go on together, at each of which all finish one.

    The same decodes are timed twice. A library that prepares something for every new length, as
    cuDNN's attention does, has done so after the first time.

    Returns:
        `ms` of an iteration of the batch, of which `outside_ms` not in passes;
        `forward_share`; tokens an iteration and sequence; `tokens_per_s` of the whole batch; and
        `first_ms`, the first time.
    """
    first, _ = _timed(loop, models, config, batch, iterations)
    seconds, done = _timed(loop, models, config, batch, iterations)
    passes = sum(iteration.dllm_s + iteration.verifier_s for iteration in done)
    tokens = sum(len(iteration.accepted) for iteration in done)
    ms = 1e3 * seconds / iterations
    return {
        "ms": ms,
        "first_ms": 1e3 * first / iterations,
        "dllm_ms": 1e3 * sum(iteration.dllm_s for iteration in done) / iterations,
        "verifier_ms": 1e3 * sum(iteration.verifier_s for iteration in done) / iterations,
        "outside_ms": ms - 1e3 * passes / iterations,
        "forward_share": passes / seconds,
        "tokens_per_iteration": tokens / len(done),
        "tokens_per_s": tokens / seconds,
        "iterations": iterations,
    }


def _timed(
    loop: Any, models: tuple[Any, ...], config: Any, batch: int, iterations: int
) -> tuple[float, list[Iteration]]:
    """Seconds of the iterations behind WARM_UP others, and what they were."""
    device = models[0].device
    going = together(loop, models, config, batch)
    for _ in islice(going, WARM_UP * batch):
        pass
    synchronize(device)
    before = time.perf_counter()
    done = list(islice(going, iterations * batch))
    synchronize(device)
    seconds = time.perf_counter() - before
    del going  # and with it the caches
    if device.type == "cuda":
        torch.cuda.empty_cache()
    return seconds, done


def together(
    loop: Any, models: tuple[Any, ...], config: Any, batch: int
) -> Generator[Iteration, None, None]:
    """Decodes of `batch` prompts of PROMPT tokens that go on together."""
    prompts = [any_prompt(models, PROMPT, seed=n).to(models[0].device) for n in range(batch)]
    yield from drive([Decode(loop, models, prompt, config) for prompt in prompts])
