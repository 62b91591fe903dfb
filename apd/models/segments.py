"""What a model computes at a time, and the inference pass that computes it.

Decoding knows sequences, positions and rows of logits; it never knows which of the two passes is
behind them, the lean one (``apd.models.lean``) or transformers' own (``apd.models.plain``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor


class Cache(Protocol):
    """Keys and values of one sequence.

    Attributes:
        stop: one past the last position that is stored.
    """

    stop: int

    def reserve(self, capacity: int) -> None:
        """Make room for ``capacity`` positions."""
        ...

    def open(self, start: int, stop: int) -> None:
        """The next pass computes positions start..stop-1; what is before ``start`` is kept."""
        ...


@dataclass(frozen=True, eq=False)
class Segment:
    """Positions first, first + 1, ... of one sequence to be computed.

    Attributes:
        tokens: (T,) long, their ids.
        first: position of the first of them; what is before it is in the cache.
        cache: receives their keys and values.
        outputs: how many of the last rows may be asked for; None for all.
        end: one past the last position in sight, if some behind the computed ones are cached.
        rotated_as: the position that the first is taken for, if another than its own.
        sight: (T, positions in sight) bool, what each position sees; None for all of it.
        beyond: positions further on that the last of the tokens stand at, instead of at consecutive
            ones; None if there are none.

    The last four are for passes that take them (``takes_sight``).
    """

    tokens: Tensor
    first: int
    cache: Any
    outputs: int | None = None
    end: int | None = None
    rotated_as: int | None = None
    sight: Tensor | None = None
    beyond: range | None = None

    @property
    def angle(self) -> int:
        """The position that the first one is rotated as."""
        return self.first if self.rotated_as is None else self.rotated_as

    @property
    def spans(self) -> list[range]:
        """The positions that the tokens are rotated as."""
        if self.beyond is None:
            return [range(self.angle, self.angle + len(self.tokens))]
        consecutive = len(self.tokens) - len(self.beyond)
        return [range(self.angle, self.angle + consecutive), self.beyond]


@dataclass(frozen=True, eq=False)
class Pass:
    """A segment that has been computed, up to the outputs that are still to be asked for.

    Attributes:
        segment: what is computed.
        states: (T, D) states that enter the last layer (lean), or the last rows' logits (plain).
    """

    segment: Segment
    states: Tensor


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows start..stop-1 (counted from the segment's first) of a pass."""

    computed: Pass
    start: int
    stop: int


class InferencePass(Protocol):
    """Runs a model for decoding.

    Attributes:
        keeps_keys: whether keys and values are kept from pass to pass; if not, ``stop`` of its
            caches stays 0 and every segment begins at 0.
        takes_sight: whether the last four attributes of a segment may be given.
    """

    keeps_keys: bool
    takes_sight: bool

    def new_cache(self) -> Any:
        """An empty `Cache` of this model's shape."""
        ...

    def run(self, segments: Sequence[Segment]) -> list[Pass]:
        """Compute segments of different caches."""
        ...

    def logits(self, rows: Sequence[Rows]) -> Tensor:
        """(N, V) float32, rows of all passes one after another."""
        ...

    def block(self) -> None:
        """Lay the weights out for faster products, where that is possible."""
        ...

    def compile(self) -> None:
        """Compile with ``torch.compile``."""
        ...
