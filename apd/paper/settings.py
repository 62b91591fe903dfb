"""The configurations that the artefacts are made of, each built in one place.

Two artefacts that ask for the same decoder get equal configurations, which is what lets them share
the run. Temperature 0.2, top-p 0.95 and the other settings are the decoders' own defaults, which
are the paper's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apd.decoding.acceptance import Acceptance
from apd.decoding.configuration import Configuration, configure
from apd.decoding.unmasking import Schedule
from apd.paper.scale import Scale

# The paper's two settings of APD: R, W, M (Figure 5 and Table 2).
CAREFUL, FAST = (0.6, 32, 200), (0.7, 16, 100)


def left_to_right(scale: Scale, task: str, tokens_per_step: int = 1, **knobs: Any) -> Configuration:
    """Fixed K on one of the paper's tasks; `knobs` are other settings by their names."""
    settings = {"tokens_per_step": tokens_per_step, **knobs}
    return _on_dllm("left_to_right", settings, scale, task)


def adaptive(
    scale: Scale,
    task: str,
    mixture_weight: float,
    kv_window: int | None = None,
    max_lookahead: int | None = None,
    acceptance: Acceptance = "gumbel",
    **knobs: Any,
) -> Configuration:
    """APD with R, and W and M as the paper counts them (scaled to the pair's canvas)."""
    settings = {
        "mixture_weight": mixture_weight,
        "kv_window": scale.length(kv_window),
        "max_lookahead": scale.length(max_lookahead),
        "acceptance": acceptance,
        **knobs,
    }
    return _on_dllm("apd", settings, scale, task)


def variant(scale: Scale, task: str, mixture_weight: float, **settings: Any) -> Configuration:
    """APD with attempts to improve it, by the names of their settings."""
    return _on_dllm("apd_variant", {"mixture_weight": mixture_weight, **settings}, scale, task)


def reference(
    scale: Scale, task: str, mixture_weight: float, deviations: Sequence[str]
) -> Configuration:
    """APD with some of the reference code's deviations, by the names of their switches."""
    settings = {"mixture_weight": mixture_weight, **dict.fromkeys(deviations, True)}
    return _on_dllm("reference", settings, scale, task)


def any_order(
    scale: Scale, task: str, order: str, steps: int, schedule: Schedule = "even"
) -> Configuration:
    """Any-order decoding in as many steps as the paper's `steps` are on the pair's canvas."""
    settings = {"num_steps": scale.length(steps), "schedule": schedule}
    return _on_dllm(order, settings, scale, task)


def baseline(scale: Scale, task: str, model: str) -> Configuration:
    """One of the pair's autoregressive models."""
    usual = {"max_new_tokens": scale.autoregressive_tokens}
    return configure("autoregressive", {}, model=model, usual=usual)


def _on_dllm(algorithm: str, settings: Mapping[str, Any], scale: Scale, task: str) -> Configuration:
    """A decoder on the pair's dLLM, on the canvas of the task."""
    return configure(algorithm, settings, usual={"max_new_tokens": scale.canvas_of(task)})
