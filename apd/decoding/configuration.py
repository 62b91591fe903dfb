"""A configuration: a decoder with its settings on one model of a pair."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from apd.decoding import AdaptiveConfig, AnyOrderConfig, AutoregressiveConfig, LeftToRightConfig

Algorithm = Literal[
    "apd",
    "left_to_right",
    "random",
    "confidence",
    "low_confidence",
    "margin",
    "entropy",
    "autoregressive",
]
DecoderConfig = AdaptiveConfig | LeftToRightConfig | AnyOrderConfig | AutoregressiveConfig
ALGORITHMS: tuple[str, ...] = get_args(Algorithm)
DLLM = "dllm"  # the name under which a configuration asks for the pair's diffusion model

# Every setting of every decoder, in the order of the table's columns. A decoder that lacks one
# leaves the column empty. The seed is the experiment's.
PARAMETERS = (
    "tokens_per_step",
    "mixture_weight",
    "kv_window",
    "max_lookahead",
    "num_steps",
    "block_length",
    "threshold",
    "acceptance",
    "noise",
    "temperature",
    "top_p",
    "max_new_tokens",
)


def decoder_class(algorithm: str) -> type[DecoderConfig]:
    """The settings class of an algorithm, whose fields are the settings that it has."""
    named: dict[str, type[DecoderConfig]] = {
        "apd": AdaptiveConfig,
        "left_to_right": LeftToRightConfig,
        "autoregressive": AutoregressiveConfig,
    }
    return named.get(algorithm, AnyOrderConfig)


@dataclass(frozen=True)
class Configuration:
    """A decoder with its settings on one model of a pair.

    Attributes:
        id: names the configuration in tables and files: letters, digits, ``. _ + = -``.
        algorithm: which decoder.
        model: "dllm", or the name of an autoregressive baseline of the pair.
        decoder: the decoder's settings. Their seed is replaced by one for each problem.

    Raises:
        ValueError: algorithm, model and settings do not go together.
    """

    id: str
    algorithm: Algorithm
    model: str
    decoder: DecoderConfig

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[\w.+=-]+", self.id):
            raise ValueError(
                f"configuration id {self.id!r}: use letters, digits and . _ + = - only"
            )
        if self.algorithm not in ALGORITHMS:
            raise ValueError(f"algorithm {self.algorithm!r}: choose one of {', '.join(ALGORITHMS)}")
        wanted = decoder_class(self.algorithm)
        order = getattr(self.decoder, "order", self.algorithm)
        if not isinstance(self.decoder, wanted) or order != self.algorithm:
            with_order = f" with order={self.algorithm!r}" if wanted is AnyOrderConfig else ""
            raise ValueError(
                f"configuration {self.id!r}: algorithm {self.algorithm!r} takes "
                f"{wanted.__name__}{with_order}, got {self.decoder!r}"
            )
        if (self.model == DLLM) == (self.algorithm == "autoregressive"):
            raise ValueError(
                f"configuration {self.id!r}: model {self.model!r} cannot run "
                f"{self.algorithm!r}; autoregressive decoding takes a baseline of the pair, every "
                f"other algorithm takes {DLLM!r}"
            )

    @property
    def parameters(self) -> dict[str, Any]:
        """Every setting by the name of its column; None where the decoder has no such setting."""
        return {name: getattr(self.decoder, name, None) for name in PARAMETERS}

    @property
    def verified(self) -> bool:
        """Whether the pair's verifier takes part: in adaptive parallel decoding alone."""
        return self.algorithm == "apd"

    @property
    def models(self) -> tuple[str, ...]:
        """The models it needs, by the names "dllm", "verifier" or a baseline's."""
        return (self.model, "verifier") if self.verified else (self.model,)


_SYMBOLS = {  # how a setting is written in a configuration's id
    "tokens_per_step": "K",
    "mixture_weight": "R",
    "kv_window": "W",
    "max_lookahead": "M",
    "num_steps": "steps",
    "block_length": "block",
    "threshold": "threshold",
    "acceptance": "",
    "noise": "",
    "temperature": "T",
    "top_p": "P",
    "max_new_tokens": "length",
}
_ALWAYS_NAMED = {"tokens_per_step", "mixture_weight"}


def configuration_id(
    algorithm: str, model: str, decoder: DecoderConfig, usual: Mapping[str, Any] | None = None
) -> str:
    """An id such as "apd-R0.7-W16": model or algorithm, then what differs from the usual values.

    Usual is what `usual` says, else the decoder's default.
    """
    defaults = {field.name: field.default for field in fields(decoder)} | dict(usual or {})
    parts = [algorithm if model == DLLM else model]
    for name, symbol in _SYMBOLS.items():
        value = getattr(decoder, name, None)
        if name in defaults and (name in _ALWAYS_NAMED or value != defaults[name]):
            parts.append(f"{symbol}{value}")
    return "-".join(parts)


def setting_names(algorithm: str) -> frozenset[str]:
    """The settings that an algorithm has, by the names of their columns."""
    return frozenset(field.name for field in fields(decoder_class(algorithm))) & set(PARAMETERS)
