"""From lm-eval's arguments to a decoder's settings: of a model, and of a single request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from apd.decoding.configuration import Configuration, configure
from apd.decoding.registry import decoder
from apd.errors import ApdError
from apd.models.registry import pair_spec

_LENGTH_NAMES = ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")
Likelihood = Literal["left_to_right", "bound"]


@dataclass(frozen=True, kw_only=True)
class LikelihoodConfig:
    """How a dLLM scores a given text; a causal model has the chain rule alone.

    Attributes:
        kind: "left_to_right", the exact p_AR, or "bound", the masked diffusion bound.
        samples: sets of masked positions that estimate the bound.
        seed: integer >= 0, fixes these sets.
        max_lookahead: M, masked positions shown left to right, or None for all.
        canvas_length: positions behind the context, or None to end with the text.
    """

    kind: Likelihood = "left_to_right"
    samples: int = 128
    seed: int = 0
    max_lookahead: int | None = None
    canvas_length: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(Likelihood):
            raise ValueError(
                f"likelihood={self.kind!r} is not allowed: it must be one of "
                f"{', '.join(get_args(Likelihood))}; choose one of these"
            )


def plain_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with "none" as None, which lm-eval's argument strings cannot spell."""
    return {
        name: None if isinstance(value, str) and value.lower() == "none" else value
        for name, value in given.items()
    }


def model_configuration(
    algorithm: str, model: str, pair: str, settings: Mapping[str, Any]
) -> Configuration:
    """A decoder with the settings of ``model_args``.

    Raises:
        ApdError: the decoder has no such setting.
        ValueError: a value is out of range.
    """
    known = decoder(algorithm).free
    for name in settings:
        if name not in known:
            raise ApdError(
                f"model argument {name!r} is unknown to {algorithm}; its settings: "
                f"{', '.join(sorted(known))}"
            )
    usual = {"max_new_tokens": pair_spec(pair).canvas}  # unless the task says so
    return configure(algorithm, settings, model=model, usual=usual)


def request_settings(given: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What a request's generation arguments ask of the decoder, and where its reply stops.

    ``do_sample=False`` is temperature 0, as everywhere in lm-eval.

    Returns:
        Settings by the decoder's names, and the stop strings.

    Raises:
        ApdError: an argument that has no meaning here.
    """
    rest = dict(given)
    until = rest.pop("until", None) or []
    lengths = [rest.pop(name) for name in _LENGTH_NAMES if name in rest]
    settings: dict[str, Any] = {"max_new_tokens": int(lengths[0])} if lengths else {}
    do_sample, temperature = rest.pop("do_sample", None), rest.pop("temperature", None)
    if do_sample is False:
        settings["temperature"] = 0.0
    elif temperature is not None:
        settings["temperature"] = float(temperature)
    if "top_p" in rest:
        settings["top_p"] = float(rest.pop("top_p"))
    if rest:
        raise ApdError(
            f"generation argument {min(rest)!r} has no meaning for these decoders; use until, "
            f"{_LENGTH_NAMES[0]}, temperature, top_p, do_sample, or model_args for other settings"
        )
    stops = [until] if isinstance(until, str) else until
    return settings, tuple(stop for stop in stops if stop)
