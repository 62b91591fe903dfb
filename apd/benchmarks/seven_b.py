"""The shapes of Dream-7B and Qwen2.5-0.5B with random weights: times only, no text.

A model with random weights accepts about one token per iteration, so only times per iteration are
compared here; how many tokens an iteration yields is a matter of trained weights.
"""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from apd.benchmarks.iterations import duration, first_iterations
from apd.benchmarks.models import BenchModels, any_prompt
from apd.benchmarks.random_models import (
    SEVEN_B,
    Shapes,
    random_autoregressive,
    random_models,
    tiny_shapes,
)
from apd.benchmarks.settings import BenchSettings
from apd.benchmarks.timing import ratio, spread, take_turns
from apd.decoding import AutoregressiveConfig, LeftToRightConfig, Stream
from apd.decoding.autoregressive import autoregressive_steps
from apd.decoding.left_to_right import left_to_right_steps

LABEL = "timing only: random weights"
SKIPPED = "skipped: no CUDA GPU here; `--random-shapes tiny` tries the code path on any machine"
PROMPT = 96  # tokens; the paper's settings for the rest
WINDOW, LOOKAHEAD, CANVAS = 16, 100, 256
NEEDED_BYTES = 20e9  # weights of both models, and room to work


def measure_seven_b(settings: BenchSettings, shapes: str = "7b") -> dict[str, Any]:
    """Times per iteration at the shapes "7b", on a GPU, or "tiny", anywhere.

    Returns:
        Ratios and milliseconds, or `{"skipped": reason}`.
    """
    if shapes == "tiny":
        return _measure(tiny_shapes(), torch.device("cpu"), torch.float32, settings)
    if not torch.cuda.is_available():
        return {"skipped": SKIPPED}
    device = torch.device("cuda")
    if torch.cuda.get_device_properties(device).total_memory < NEEDED_BYTES:
        return {"skipped": f"skipped: the GPU has less than {NEEDED_BYTES / 1e9:.0f} GB"}
    return _measure(SEVEN_B, device, torch.bfloat16, settings)


def _measure(
    shapes: Shapes, device: torch.device, dtype: torch.dtype, settings: BenchSettings
) -> dict[str, Any]:
    models = random_models(shapes, device, dtype)
    prompt = any_prompt((models.dllm, models.verifier), PROMPT, seed=0).to(device)
    apd_shares: list[float] = []
    times = take_turns(_tasks(models, prompt, settings, apd_shares), settings.rounds)
    found: dict[str, Any] = {
        "label": LABEL,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "iteration_over_baseline": ratio(times["baseline"], times["apd"]).as_dict(),
        "iteration_over_one_token": ratio(times["one_token"], times["apd"]).as_dict(),
        "forward_share": spread(apd_shares[-settings.rounds :]).as_dict(),
        "milliseconds": {name: 1e3 * spread(t).median for name, t in times.items()},
    }
    del models
    gc.collect()  # both sets of weights would not fit on a 24 GB GPU
    if device.type == "cuda":
        torch.cuda.empty_cache()
    step = _autoregressive_seconds(shapes, device, dtype, prompt, settings)
    found["milliseconds"]["autoregressive"] = 1e3 * step.median
    apd_s = spread(times["apd"]).median
    found["tokens_per_iteration_to_beat_autoregressive"] = apd_s / step.median
    return found


def _tasks(
    models: BenchModels, prompt: Tensor, settings: BenchSettings, shares: list[float]
) -> dict[str, Callable[[], float]]:
    """Median seconds per iteration of APD, the baseline, and K = 1 without W and M."""
    count = settings.wide_iterations
    config = replace(
        settings.adaptive(),
        kv_window=WINDOW,
        max_lookahead=LOOKAHEAD,
        max_new_tokens=CANVAS,
    )
    single = LeftToRightConfig(max_new_tokens=CANVAS, seed=settings.seed)

    def apd() -> float:
        later = first_iterations(models, prompt, config, count)[1:]
        inside = sum(iteration.dllm_s + iteration.verifier_s for iteration in later)
        shares.append(inside / sum(duration(iteration) for iteration in later))
        return statistics.median(duration(iteration) for iteration in later)

    def baseline() -> float:
        return statistics.median(models.plainly(prompt, config, count).seconds[1:])

    def one_token() -> float:
        decode = Stream(left_to_right_steps, (models.dllm,), prompt, single)
        return statistics.median(duration(iteration) for iteration in islice(decode, 1, count))

    return {"apd": apd, "baseline": baseline, "one_token": one_token}


def _autoregressive_seconds(
    shapes: Shapes,
    device: torch.device,
    dtype: torch.dtype,
    prompt: Tensor,
    settings: BenchSettings,
) -> Any:
    """Seconds per token of an autoregressive model of the dLLM's shape, with its KV cache."""
    model = random_autoregressive(shapes.dllm, device, dtype)
    config = AutoregressiveConfig(max_new_tokens=CANVAS, seed=settings.seed)
    count = settings.wide_iterations + 1

    def step() -> float:
        decode = Stream(autoregressive_steps, (model,), prompt, config)
        return statistics.median(duration(iteration) for iteration in islice(decode, 1, count))

    return spread(take_turns({"step": step}, settings.rounds)["step"])
