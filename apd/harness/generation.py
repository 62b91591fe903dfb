"""Replies to requests: one decode at a time with stop strings watched, or several together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from torch import Tensor

from apd.decoding import (
    DecodeResult,
    Iteration,
    adaptive,
    adaptive_batch,
    any_order,
    any_order_batch,
    autoregressive,
    autoregressive_batch,
    left_to_right,
    left_to_right_batch,
)
from apd.decoding.configuration import Configuration
from apd.runs.decode import require_runnable

if TYPE_CHECKING:
    from apd.models.pairs import Pair

_DECODERS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "apd": (adaptive, adaptive_batch),
    "left_to_right": (left_to_right, left_to_right_batch),
    "autoregressive": (autoregressive, autoregressive_batch),
}
_ANY_ORDER = (any_order, any_order_batch)


@dataclass
class StopWatch:
    """Watches a decode and asks it to stop once its text holds a stop string.

    Attributes:
        detokenize: token ids to text.
        position: the first position not yet in the text.
        stops: the strings; none of them is empty.
        reached: whether one has appeared.
    """

    detokenize: Callable[[Sequence[int]], str]
    position: int
    stops: Sequence[str]
    reached: bool = False
    _ahead: dict[int, int] = field(default_factory=dict)  # decoded behind a gap
    _tokens: list[int] = field(default_factory=list)

    def see(self, iteration: Iteration) -> None:
        """Take in the tokens of an iteration, in whatever order it filled them."""
        self._ahead.update(zip(iteration.positions, iteration.accepted, strict=True))
        while self.position in self._ahead:
            self._tokens.append(self._ahead.pop(self.position))
            self.position += 1
        text = self.detokenize(self._tokens) if self.stops else ""
        self.reached = any(stop in text for stop in self.stops)


def decode_until(
    pair: Pair, configuration: Configuration, prompt_ids: Tensor, seed: int, stops: Sequence[str]
) -> DecodeResult:
    """Decode a prompt, (P,) long, at most until its text holds a stop string."""
    models = _models(pair, configuration)
    watch = StopWatch(models[0].detokenize, len(prompt_ids), stops)
    decoder, _ = _DECODERS.get(configuration.algorithm, _ANY_ORDER)
    settings: Any = replace(configuration.decoder, seed=seed)
    result: DecodeResult = decoder(*models, prompt_ids, settings, watch.see, lambda: watch.reached)
    return result


def decode_together(
    pair: Pair, configuration: Configuration, prompts: Sequence[Tensor], seeds: Sequence[int]
) -> list[DecodeResult]:
    """Decode prompts, (P_b,) long each, in common passes; none stops before its end."""
    _, decoder = _DECODERS.get(configuration.algorithm, _ANY_ORDER)
    results: list[DecodeResult] = decoder(
        *_models(pair, configuration), prompts, configuration.decoder, seeds
    )
    return results


def _models(pair: Pair, configuration: Configuration) -> tuple[Any, ...]:
    """The models that the configuration's decoder takes."""
    require_runnable(pair, configuration)
    if configuration.algorithm == "autoregressive":
        return (pair.baselines[configuration.model],)
    return (pair.dllm, pair.verifier) if configuration.verified else (pair.dllm,)
