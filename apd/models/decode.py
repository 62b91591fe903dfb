"""Decoding with a pair by names: prompts as text, an algorithm, its settings as keywords."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from torch import Tensor

from apd.decoding.adaptive import AdaptiveConfig, adaptive_steps
from apd.decoding.any_order import AnyOrderConfig, any_order_steps
from apd.decoding.autoregressive import AutoregressiveConfig, autoregressive_steps
from apd.decoding.config import SamplingConfig
from apd.decoding.left_to_right import LeftToRightConfig, left_to_right_steps
from apd.decoding.passes import Loop, decode_all
from apd.decoding.protocols import TextModel
from apd.decoding.result import DecodeResult
from apd.decoding.stream import Stream
from apd.errors import ApdError
from apd.models.pairs import SYSTEM_PROMPT, Pair


@dataclass(frozen=True)
class _Decoder:
    """What decoding by name needs to know of a decoder."""

    settings: type[SamplingConfig]
    steps: Loop
    models: tuple[str, ...]
    fixed: Mapping[str, Any] = field(default_factory=dict)


_DECODERS = {
    "apd": _Decoder(AdaptiveConfig, adaptive_steps, ("dllm", "verifier")),
    "left_to_right": _Decoder(LeftToRightConfig, left_to_right_steps, ("dllm",)),
    "autoregressive": _Decoder(AutoregressiveConfig, autoregressive_steps, ("baseline",)),
} | {
    order: _Decoder(AnyOrderConfig, any_order_steps, ("dllm",), {"order": order})
    for order in ("random", "confidence", "low_confidence", "margin", "entropy")
}


def _decoder(name: str) -> _Decoder:
    if name not in _DECODERS:
        raise ApdError(f"unknown algorithm {name!r}; choose one of {', '.join(_DECODERS)}")
    return _DECODERS[name]


def stream(
    pair: Pair,
    prompt: str | Tensor,
    algorithm: str = "apd",
    *,
    model: str | None = None,
    system: str | None = SYSTEM_PROMPT,
    **settings: Any,
) -> Stream:
    """A decode that yields its iterations as they are finished.

        decode = apd.stream(pair, "How many legs have six cats?", mixture_weight=0.5)
        for iteration in decode:
            if ...:
                break
        decode.result

    Arguments and errors are those of `Pair.decode`, for one prompt.
    """
    loop, models, config = _named(pair, algorithm, model, settings)
    return Stream(loop, models, _encoded(pair, prompt, system), config)


def decode_together(
    pair: Pair,
    prompts: Sequence[str | Tensor],
    algorithm: str,
    *,
    model: str | None,
    system: str | None,
    seeds: Sequence[int] | None,
    settings: Mapping[str, Any],
) -> list[DecodeResult]:
    """`Pair.decode` for several prompts, in common passes."""
    loop, models, config = _named(pair, algorithm, model, settings)
    encoded = [_encoded(pair, prompt, system) for prompt in prompts]
    return decode_all(loop, models, encoded, config, seeds)


def _named(
    pair: Pair, algorithm: str, model: str | None, settings: Mapping[str, Any]
) -> tuple[Loop, list[TextModel], SamplingConfig]:
    """The loop, its models and its settings."""
    row = _decoder(algorithm)
    own = [each.name for each in fields(row.settings) if each.name not in row.fixed]
    for name in settings:
        if name not in own:
            raise ValueError(f"{algorithm} has no setting {name!r}; it has {', '.join(own)}")
    if model is not None and "baseline" not in row.models:
        raise ValueError(f"model={model!r} is not allowed: {algorithm} decodes with the dLLM")
    models = [_model(pair, kind, algorithm, model) for kind in row.models]
    return row.steps, models, row.settings(**settings, **row.fixed)


def _model(pair: Pair, kind: str, algorithm: str, name: str | None) -> TextModel:
    """The pair's model of a kind; `name` says which baseline."""
    if kind == "dllm":
        return pair.dllm
    if kind == "baseline" and name != "verifier":
        return _baseline(pair, name)
    if pair.verifier is None:
        raise ValueError(
            f"pair {pair.name!r} has no verifier, which {algorithm} needs: load one with "
            "verifier_path, or choose another algorithm, such as left_to_right"
        )
    return pair.verifier


def _baseline(pair: Pair, name: str | None) -> TextModel:
    if not pair.baselines:
        raise ValueError(
            f"pair {pair.name!r} was loaded without baselines: load it with baselines=True, or "
            "decode with model='verifier'"
        )
    chosen = next(iter(pair.baselines)) if name is None else name
    if chosen not in pair.baselines:
        names = ", ".join((*pair.baselines, "verifier"))
        raise ValueError(f"model={chosen!r} is not in pair {pair.name!r}; choose one of {names}")
    return pair.baselines[chosen]


def _encoded(pair: Pair, prompt: str | Tensor, system: str | None) -> Tensor:
    return prompt if isinstance(prompt, Tensor) else pair.encode_chat(prompt, system)
