"""Decoding several prompts together: each at its own pace, all in common passes.

A batch runs the very loops of the single decoders (see `apd.decoding.passes`), so its tokens are
theirs, up to the rounding of matrix products of another size.
"""

from collections.abc import Sequence

from torch import Tensor

from apd.decoding.adaptive import AdaptiveConfig, adaptive_steps
from apd.decoding.any_order import AnyOrderConfig, any_order_steps
from apd.decoding.autoregressive import AutoregressiveConfig, autoregressive_steps
from apd.decoding.left_to_right import LeftToRightConfig, left_to_right_steps
from apd.decoding.passes import decode_all
from apd.decoding.protocols import AutoregressiveLM, DiffusionLM
from apd.decoding.result import DecodeResult


def adaptive_batch(
    dllm: DiffusionLM,
    verifier: AutoregressiveLM,
    prompts: Sequence[Tensor],
    config: AdaptiveConfig = AdaptiveConfig(),
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
    return decode_all(adaptive_steps, (dllm, verifier), prompts, config, seeds)


def left_to_right_batch(
    dllm: DiffusionLM,
    prompts: Sequence[Tensor],
    config: LeftToRightConfig = LeftToRightConfig(),
    seeds: Sequence[int] | None = None,
) -> list[DecodeResult]:
    """`left_to_right` for several prompts; see `adaptive_batch`."""
    return decode_all(left_to_right_steps, (dllm,), prompts, config, seeds)


def any_order_batch(
    dllm: DiffusionLM,
    prompts: Sequence[Tensor],
    config: AnyOrderConfig = AnyOrderConfig(),
    seeds: Sequence[int] | None = None,
) -> list[DecodeResult]:
    """`any_order` for several prompts; see `adaptive_batch`."""
    return decode_all(any_order_steps, (dllm,), prompts, config, seeds)


def autoregressive_batch(
    model: AutoregressiveLM,
    prompts: Sequence[Tensor],
    config: AutoregressiveConfig = AutoregressiveConfig(),
    seeds: Sequence[int] | None = None,
) -> list[DecodeResult]:
    """`autoregressive` for several prompts; see `adaptive_batch`."""
    return decode_all(autoregressive_steps, (model,), prompts, config, seeds)
