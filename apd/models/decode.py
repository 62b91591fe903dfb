"""Decoding with a pair by names: prompts as text, an algorithm, its settings as keywords."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from torch import Tensor

from apd.decoding.config import SamplingConfig
from apd.decoding.decoder import Decoder
from apd.decoding.protocols import TextModel
from apd.decoding.registry import decoder
from apd.decoding.result import DecodeResult
from apd.decoding.stream import Stream
from apd.models.pairs import SYSTEM_PROMPT, Pair


def stream(
    pair: Pair,
    prompt: str | Tensor,
    algorithm: str = "apd",
    *,
    model: str | None = None,
    system: str | None = SYSTEM_PROMPT,
    **settings: Any,
) -> Stream:
    """A decode that yields its iterations as they are finished::

        decode = apd.stream(pair, "How many legs have six cats?", mixture_weight=0.5)
        for iteration in decode:
            if ...:
                break
        decode.result

    Arguments and errors are those of `Pair.decode`, for one prompt.
    """
    row, models, config = _named(pair, algorithm, model, settings)
    return row.stream(models, _encoded(pair, prompt, system), config)


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
    row, models, config = _named(pair, algorithm, model, settings)
    encoded = [_encoded(pair, prompt, system) for prompt in prompts]
    return row.decode_batch(models, encoded, config, seeds)


def _named(
    pair: Pair, algorithm: str, model: str | None, settings: Mapping[str, Any]
) -> tuple[Decoder, list[TextModel], SamplingConfig]:
    """The decoder, its models and its settings."""
    row = decoder(algorithm)
    own = [each.name for each in fields(row.settings) if each.name not in row.fixed]
    for name in settings:
        if name not in own:
            raise ValueError(f"{algorithm} has no setting {name!r}; it has {', '.join(own)}")
    if model is not None and not row.on_baseline:
        raise ValueError(f"model={model!r} is not allowed: {algorithm} decodes with the dLLM")
    models = [_model(pair, kind, algorithm, model) for kind in row.models]
    return row, models, row.settings(**settings, **row.fixed)


def _model(pair: Pair, kind: str, algorithm: str, name: str | None) -> TextModel:
    """The pair's model of a kind; `name` says which baseline."""
    if kind == "dllm":
        return pair.dllm
    if kind == "baseline" and name != "verifier":
        return _baseline(pair, name)
    if pair.verifier is None:
        raise ValueError(
            f"pair {pair.name!r} has no verifier, which {algorithm} needs: load one with "
            "verifier=, or choose another algorithm, such as left_to_right"
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
    if isinstance(prompt, Tensor):
        return prompt
    from apd.models.chat import require_text

    require_text("prompt", prompt)
    require_text("system", system or "")
    return pair.encode_chat(prompt, system)
