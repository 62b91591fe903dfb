"""From a configuration to a decode: which decoder, which models of the pair, which noise."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from apd.decoding import DecodeResult, Stream
from apd.decoding.configuration import DLLM, Configuration
from apd.errors import ApdError

if TYPE_CHECKING:
    from apd.models.pairs import Pair


class NotLoaded:
    """Stands for the dLLM of a pair that was loaded for its baselines alone.

    Attributes:
        device: where the baselines are, and prompts go.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device


def decode_problems(
    pair: Pair, configuration: Configuration, prompts: Sequence[Tensor], seeds: Sequence[int]
) -> list[DecodeResult]:
    """Decode prompts, (P_i,) long each, each with its own seed; several of them in common passes.

    A batch decodes what single decodes would, up to rounding, but its times are not theirs.

    Raises:
        ApdError: the pair lacks a model that the configuration needs.
    """
    if len(prompts) == 1:
        return [decode(pair, configuration, prompts[0], seeds[0])]
    models = _models(pair, configuration)
    return configuration.row.decode_batch(models, prompts, configuration.decoder, seeds)


def decode(pair: Pair, configuration: Configuration, prompt_ids: Tensor, seed: int) -> DecodeResult:
    """Decode a prompt, (P,) long, with the configuration's decoder and model under `seed`.

    Raises:
        ApdError: the pair lacks a model that the configuration needs.
    """
    return stream(pair, configuration, prompt_ids, seed).finish()


def stream(pair: Pair, configuration: Configuration, prompt_ids: Tensor, seed: int) -> Stream:
    """The same decode, iteration by iteration."""
    models, settings = _models(pair, configuration), replace(configuration.decoder, seed=seed)
    return configuration.row.stream(models, prompt_ids, settings)


def _models(pair: Pair, configuration: Configuration) -> list[Any]:
    """The models that the configuration's decoder takes, in its order."""
    require_runnable(pair, configuration)
    own = {DLLM: pair.dllm, "verifier": pair.verifier, **pair.baselines}
    return [own[name] for name in configuration.models]


def problem_seed(seed: int, problem: int) -> int:
    """The noise seed of one problem, 32 bits: independent between problems, shared by decoders.

    All configurations meet a problem with the same noise, so that they differ by what they do and
    not by luck.
    """
    return int.from_bytes(hashlib.sha256(f"{seed}/{problem}".encode()).digest()[:4], "big")


def require_runnable(pair: Pair, configuration: Configuration) -> None:
    """Raise ApdError, with the remedy, if the pair lacks a model that the configuration needs."""
    if DLLM in configuration.models and isinstance(pair.dllm, NotLoaded):
        raise ApdError(
            f"pair {pair.name!r} was loaded for its baselines alone, but {configuration.id!r} "
            "needs its dLLM; load it for an experiment with this configuration"
        )
    if configuration.verified and pair.verifier is None:
        raise ApdError(
            f"pair {pair.name!r} has no verifier, which algorithm {configuration.algorithm!r} "
            "needs; use another algorithm, or a pair with a verifier"
        )
    loaded = {DLLM, *pair.baselines} | ({"verifier"} if pair.verifier is not None else set())
    if configuration.model not in loaded:
        known = ", ".join(pair.baselines) or "none"
        raise ApdError(
            f"pair {pair.name!r} has no autoregressive model {configuration.model!r}; "
            f"choose one of its baselines ({known})"
        )
