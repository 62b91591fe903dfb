"""Decoding several prompts together: each at its own pace, all in common passes.

A batch runs the very loops of the single decoders (see `apd.decoding.passes`), so its tokens are
theirs, up to the rounding of matrix products of another size.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import torch
from torch import Tensor

from apd.decoding.adaptive import AdaptiveConfig, adaptive_steps
from apd.decoding.any_order import AnyOrderConfig, any_order_steps
from apd.decoding.autoregressive import AutoregressiveConfig, autoregressive_steps
from apd.decoding.config import SamplingConfig
from apd.decoding.left_to_right import LeftToRightConfig, left_to_right_steps
from apd.decoding.passes import Decode, Models, Steps, run_decodes
from apd.decoding.protocols import AutoregressiveLM, DiffusionLM, TextModel
from apd.decoding.recorder import DecodeRecorder
from apd.decoding.result import DecodeResult

Config = TypeVar("Config", bound=SamplingConfig)


def adaptive_batch(
    dllm: DiffusionLM,
    verifier: AutoregressiveLM,
    prompts: Sequence[Tensor],
    config: AdaptiveConfig,
    seeds: Sequence[int] | None = None,
) -> list[DecodeResult]:
    """`adaptive` for several prompts.

    Args:
        dllm, verifier: the pair.
        prompts: (P_b,) long each, of any lengths.
        config: shared by all.
        seeds: one for each prompt instead of `config.seed`.

    Returns:
        A result for each prompt, in their order. Model times are each decode's equal share of the
        passes it took part in; wall time is the batch's own clock.
    """

    def steps(prompt: Tensor, config: AdaptiveConfig, run: DecodeRecorder) -> Steps:
        return adaptive_steps(dllm, verifier, prompt, config, run)

    return together(Models(dllm, verifier), (dllm, verifier), steps, prompts, config, seeds)


def left_to_right_batch(
    dllm: DiffusionLM,
    prompts: Sequence[Tensor],
    config: LeftToRightConfig,
    seeds: Sequence[int] | None = None,
) -> list[DecodeResult]:
    """`left_to_right` for several prompts; see `adaptive_batch`."""

    def steps(prompt: Tensor, config: LeftToRightConfig, run: DecodeRecorder) -> Steps:
        return left_to_right_steps(dllm, prompt, config, run)

    return together(Models(dllm), (dllm,), steps, prompts, config, seeds)


def any_order_batch(
    dllm: DiffusionLM,
    prompts: Sequence[Tensor],
    config: AnyOrderConfig,
    seeds: Sequence[int] | None = None,
) -> list[DecodeResult]:
    """`any_order` for several prompts; see `adaptive_batch`."""

    def steps(prompt: Tensor, config: AnyOrderConfig, run: DecodeRecorder) -> Steps:
        return any_order_steps(dllm, prompt, config, run)

    return together(Models(dllm), (dllm,), steps, prompts, config, seeds)


def autoregressive_batch(
    model: AutoregressiveLM,
    prompts: Sequence[Tensor],
    config: AutoregressiveConfig,
    seeds: Sequence[int] | None = None,
) -> list[DecodeResult]:
    """`autoregressive` for several prompts; see `adaptive_batch`."""

    def steps(prompt: Tensor, config: AutoregressiveConfig, run: DecodeRecorder) -> Steps:
        return autoregressive_steps(model, prompt, config, run)

    return together(Models(verifier=model), (model,), steps, prompts, config, seeds)


@torch.inference_mode()
def together(
    models: Models,
    text_models: Sequence[TextModel],
    steps: Callable[[Tensor, Config, DecodeRecorder], Steps],
    prompts: Sequence[Tensor],
    config: Config,
    seeds: Sequence[int] | None,
) -> list[DecodeResult]:
    """Start one decode for each prompt and drive them all; see `adaptive_batch`."""
    seeds = [config.seed] * len(prompts) if seeds is None else seeds
    if len(seeds) != len(prompts):
        raise ValueError(
            f"{len(seeds)} seeds for {len(prompts)} prompts: give one for each prompt, or None to "
            "use the configuration's for all"
        )
    decodes = []
    for prompt, seed in zip(prompts, seeds, strict=True):
        run = DecodeRecorder(text_models, len(prompt), None, None)
        decodes.append(Decode(steps(prompt, replace(config, seed=seed), run), run))
    return run_decodes(models, decodes)
