"""Replies to requests: decoded one at a time, with stop strings watched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torch import Tensor

from apd.decoding import DecodeResult, Iteration
from apd.decoding.configuration import Configuration
from apd.runs.decode import decode

if TYPE_CHECKING:
    from apd.models.pairs import Pair


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
    text_model = pair.baselines.get(configuration.model, pair.dllm)
    watch = StopWatch(text_model.detokenize, len(prompt_ids), stops)
    return decode(pair, configuration, prompt_ids, seed, watch.see, lambda: watch.reached)
