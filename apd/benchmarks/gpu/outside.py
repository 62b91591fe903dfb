"""The steps of an iteration of APD that are outside of the passes, one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from apd.benchmarks.gpu.clock import time_call
from apd.benchmarks.gpu.decodes import CHUNK
from apd.benchmarks.models import BenchModels
from apd.decoding import AdaptiveConfig
from apd.decoding.noise import IterationNoise
from apd.decoding.warpers import (
    _least_likely_kept_by_bisection,
    _least_likely_kept_of_shortlist,
    forbidden_tokens,
    nucleus,
    tempered_log_probs,
    tempered_logits,
)
from apd.mixture import mixture_logits


@torch.inference_mode()
def measure_outside(models: BenchModels) -> list[dict[str, Any]]:
    """Milliseconds of each step on CHUNK rows, and of the nucleus's threshold in two other ways.

    Returns:
        Rows with `step`, timings, and `used`: whether an iteration takes it.
    """
    device, V = models.dllm.device, models.dllm.vocab_size
    generator = torch.Generator(device).manual_seed(0)
    raw = 4 * torch.randn(CHUNK, V, device=device, generator=generator)  # at T = 0.2 a few tokens
    forbidden = forbidden_tokens(models.dllm, models.verifier)
    config = AdaptiveConfig(noise="position")
    T, top_p = config.temperature, config.top_p
    log_p = tempered_log_probs(raw, T, forbidden)
    kept = nucleus(log_p, top_p)
    positions = torch.arange(CHUNK, device=device)

    def noise() -> Tensor:
        return IterationNoise(config, V, positions, 0).shared

    field = noise()
    tokens = (kept + field).argmax(-1)
    steps: dict[str, tuple[Callable[[], Any], bool]] = {
        "forbidden tokens (once a decode)": (
            lambda: forbidden_tokens(models.dllm, models.verifier),
            False,
        ),
        "temperature and softmax": (lambda: tempered_log_probs(raw, T, forbidden), True),
        "nucleus": (lambda: nucleus(log_p, top_p), True),
        "of it, threshold from a shortlist": (
            lambda: _least_likely_kept_of_shortlist(log_p, top_p),
            False,
        ),
        "instead, threshold by bisection": (
            lambda: _least_likely_kept_by_bisection(log_p, top_p),
            False,
        ),
        "instead, threshold by sorting": (lambda: _by_sorting(log_p, top_p), False),
        "noise of all tokens": (noise, True),
        "argmax of the draft": (lambda: (kept + field).argmax(-1), True),
        "verifier's temperature": (lambda: tempered_logits(raw, T, forbidden), True),
        "mixture": (lambda: mixture_logits(log_p, log_p, 0.7), True),
        "argmax of the target": (lambda: (log_p + field).argmax(-1), True),
        "tokens to the host": (lambda: torch.stack((tokens, tokens)).tolist(), True),
    }
    found = []
    for name, (call, used) in steps.items():
        found.append({"step": name, "used": used, **time_call(call, device).as_dict()})
    return found


def _by_sorting(log_probs: Tensor, top_p: float) -> Tensor:
    """The nucleus's threshold from a whole sort, which asks nothing of the host."""
    ordered = log_probs.sort(dim=-1, descending=True).values
    mass = ordered.exp().cumsum(-1)
    last = (mass < top_p).sum(-1, keepdim=True).clamp(max=log_probs.shape[-1] - 1)
    return ordered.gather(-1, last)
