"""A configuration: a decoder with its settings on one model of a pair."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apd.decoding import registry
from apd.decoding.config import SamplingConfig
from apd.decoding.decoder import Decoder

DLLM = "dllm"  # the name under which a configuration asks for the pair's diffusion model


@dataclass(frozen=True)
class Configuration:
    """A decoder with its settings on one model of a pair.

    Attributes:
        id: names the configuration in tables and files: letters, digits, ``. _ + = -``.
        algorithm: which decoder, by its name in the registry.
        model: "dllm", or the name of an autoregressive baseline of the pair.
        decoder: the decoder's settings. Their seed is replaced by one for each problem.

    Raises:
        ApdError: there is no such decoder.
        ValueError: algorithm, model and settings do not go together.
    """

    id: str
    algorithm: str
    model: str
    decoder: SamplingConfig

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[\w.+=-]+", self.id):
            raise ValueError(
                f"configuration id {self.id!r}: use letters, digits and . _ + = - only"
            )
        row = self.row
        fixed = all(getattr(self.decoder, k, None) == v for k, v in row.fixed.items())
        if not isinstance(self.decoder, row.settings) or not fixed:
            wanted = " and ".join(f"{name}={value!r}" for name, value in row.fixed.items())
            raise ValueError(
                f"configuration {self.id!r}: algorithm {self.algorithm!r} takes "
                f"{row.settings.__name__}{' with ' * bool(wanted)}{wanted}, got {self.decoder!r}"
            )
        if (self.model == DLLM) == row.on_baseline:
            takes = "a baseline of the pair" if row.on_baseline else repr(DLLM)
            raise ValueError(
                f"configuration {self.id!r}: model {self.model!r} cannot run "
                f"{self.algorithm!r}, which takes {takes}"
            )

    @property
    def row(self) -> Decoder:
        """The decoder, as the registry has it."""
        return registry.decoder(self.algorithm)

    @property
    def parameters(self) -> dict[str, Any]:
        """Every setting by the name of its column; None where the decoder has no such setting."""
        own = self.row.stored
        return {
            name: getattr(self.decoder, name) if name in own else None
            for name in registry.stored_settings()
        }

    @property
    def verified(self) -> bool:
        """Whether the pair's verifier takes part."""
        return self.row.verified

    @property
    def models(self) -> tuple[str, ...]:
        """The models it needs, by the names "dllm", "verifier" or a baseline's."""
        return tuple(self.model if kind == "baseline" else kind for kind in self.row.models)


def configure(
    algorithm: str,
    settings: Mapping[str, Any],
    *,
    model: str = DLLM,
    usual: Mapping[str, Any] | None = None,
) -> Configuration:
    """A decoder's configuration by names.

    Args:
        algorithm: which decoder.
        settings: its settings where they differ from the usual values.
        model: as in `Configuration`.
        usual: values that need not be named in the id, where they are not the defaults.

    Raises:
        ApdError: there is no such decoder.
        TypeError: it has no such setting.
        ValueError: a setting is out of range, or the decoder does not run on the model.
    """
    row, usual = registry.decoder(algorithm), dict(usual or {})
    config = row.settings(**usual | dict(settings) | dict(row.fixed))
    name = configuration_id(algorithm, model, config, usual)
    return Configuration(name, algorithm, model, config)


def configuration_id(
    algorithm: str, model: str, decoder: SamplingConfig, usual: Mapping[str, Any] | None = None
) -> str:
    """An id such as "apd-R0.7-W16": model or algorithm, then what differs from the usual values.

    Usual is what `usual` says, else the decoder's default. The usual decoder of a baseline goes
    without saying, another is named behind the model.
    """
    own, usual = registry.decoder(algorithm).stored, dict(usual or {})
    parts = [algorithm]
    if model != DLLM:
        implied = algorithm == registry.usual_decoder(on_baseline=True).name
        parts = [model] if implied else [model, algorithm]
    for name in registry.stored_settings():
        if name in own:
            value, about = getattr(decoder, name), own[name]
            if about.always_named or value != usual.get(name, about.default):
                parts.append(f"{about.symbol}{value}")
    return "-".join(parts)
