"""The configurations that the artefacts are made of, each built in one place.

Two artefacts that ask for the same decoder get equal configurations, which is what lets them share
the run. Temperature 0.2, top-p 0.95 and the other settings are the decoders' own defaults, which
are the paper's.
"""

from __future__ import annotations

from typing import Any

from apd.decoding import AdaptiveConfig, AnyOrderConfig, AutoregressiveConfig, LeftToRightConfig
from apd.decoding.acceptance import Acceptance
from apd.decoding.configuration import (
    DLLM,
    Algorithm,
    Configuration,
    DecoderConfig,
    configuration_id,
)
from apd.paper.scale import Scale

# The paper's two settings of APD: R, W, M (Figure 5 and Table 2).
CAREFUL, FAST = (0.6, 32, 200), (0.7, 16, 100)


def left_to_right(scale: Scale, task: str, tokens_per_step: int = 1, **knobs: Any) -> Configuration:
    """Fixed K on one of the paper's tasks; `knobs` are W and M by their names in the code."""
    decoder = LeftToRightConfig(
        tokens_per_step=tokens_per_step, max_new_tokens=scale.canvas_of(task), **knobs
    )
    return _configuration("left_to_right", DLLM, decoder, scale, task)


def adaptive(
    scale: Scale,
    task: str,
    mixture_weight: float,
    kv_window: int | None = None,
    max_lookahead: int | None = None,
    acceptance: Acceptance = "gumbel",
) -> Configuration:
    """APD with R, and W and M as the paper counts them (scaled to the pair's canvas)."""
    decoder = AdaptiveConfig(
        mixture_weight=mixture_weight,
        kv_window=scale.length(kv_window),
        max_lookahead=scale.length(max_lookahead),
        acceptance=acceptance,
        max_new_tokens=scale.canvas_of(task),
    )
    return _configuration("apd", DLLM, decoder, scale, task)


def any_order(scale: Scale, task: str, order: Algorithm, steps: int) -> Configuration:
    """Any-order decoding in as many steps as the paper's `steps` are on the pair's canvas."""
    chosen: Any = order
    decoder = AnyOrderConfig(
        order=chosen, num_steps=scale.length(steps), max_new_tokens=scale.canvas_of(task)
    )
    return _configuration(order, DLLM, decoder, scale, task)


def baseline(scale: Scale, task: str, model: str) -> Configuration:
    """One of the pair's autoregressive models."""
    decoder = AutoregressiveConfig(max_new_tokens=scale.autoregressive_tokens)
    return _configuration("autoregressive", model, decoder, scale, task)


def _configuration(
    algorithm: Algorithm, model: str, decoder: DecoderConfig, scale: Scale, task: str
) -> Configuration:
    usual = {"max_new_tokens": decoder.max_new_tokens}
    return Configuration(
        configuration_id(algorithm, model, decoder, usual), algorithm, model, decoder
    )
